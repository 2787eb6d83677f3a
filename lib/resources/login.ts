import { z } from "zod";
import { isLoginName, LOGIN_NAME_FORM } from "../wire/login_name.ts";
import { filledText } from "./fields.ts";

const LIST = { error: "expected a list of strings" };

/** A place that the cluster fills in, like `{{internal.logins}}`; one that it does not know opens nothing. */
const TEMPLATE = /^[^{}]*\{\{.+\}\}[^{}]*$/;

/** Operating system logins of a user. */
export const logins: z.ZodType<string[]> = z.array(
  filledText.refine(isLoginName, { error: `expected a login: ${LOGIN_NAME_FORM}` }),
  LIST,
);

/** Logins that a role allows: names, or templates. */
export const allowedLogins: z.ZodType<string[]> = z.array(
  filledText.refine((value) => isLoginName(value) || TEMPLATE.test(value), {
    error: `expected a login (${LOGIN_NAME_FORM}) or {{internal.logins}}`,
  }),
  LIST,
);

/** Logins that a role denies: as those that it allows, or `*` for all. */
export const deniedLogins: z.ZodType<string[]> = z.array(
  filledText.refine((value) => value === "*" || isLoginName(value) || TEMPLATE.test(value), {
    error: `expected a login (${LOGIN_NAME_FORM}), {{internal.logins}} or *`,
  }),
  LIST,
);
