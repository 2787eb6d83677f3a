import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { NodeResource } from "../../resources/mod.ts";
import {
  ListResourcesResponseSchema,
  PaginatedResourceSchema,
} from "../../wire/gen/auth_service_pb.ts";
import { encode, EncodedMessage } from "../../wire/grpc/mod.ts";
import { nodeToMessage } from "./convert.ts";

/** Some of the nodes that were asked for. */
export interface NodePage {
  nodes: readonly NodeResource[];
  /** Where the next page begins; empty when there is none. */
  nextKey: string;
  /** How many nodes all pages have; not said when absent. */
  totalCount?: number;
}

const { field } = ListResourcesResponseSchema;

/**
 * Answers with pages of nodes. Each node is encoded once and not at each listing: the bytes are kept with the very object,
 * which the auth service replaces when the node changes.
 */
export class NodePages {
  readonly #encoded = new WeakMap<NodeResource, Uint8Array>();

  /** The answer, both of ListResources and of ListUnifiedResources: its fields have the same numbers in both. */
  encode({ nodes, nextKey, totalCount = 0 }: NodePage): EncodedMessage {
    const writer = new BinaryWriter();
    for (const node of nodes) {
      writer.tag(field.resources.number, WireType.LengthDelimited).bytes(this.#encode(node));
    }
    if (nextKey !== "") {
      writer.tag(field.nextKey.number, WireType.LengthDelimited).string(nextKey);
    }
    if (totalCount > 0) writer.tag(field.totalCount.number, WireType.Varint).int32(totalCount);
    return new EncodedMessage(writer.finish());
  }

  #encode(node: NodeResource): Uint8Array {
    let bytes = this.#encoded.get(node);
    if (bytes === undefined) {
      bytes = encode(PaginatedResourceSchema, {
        resource: { case: "node", value: nodeToMessage(node) },
      });
      this.#encoded.set(node, bytes);
    }
    return bytes;
  }
}
