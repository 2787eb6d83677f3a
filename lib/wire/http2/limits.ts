/** Largest frame that we take: four times the default, so that our own peer needs fewer of them. */
export const MAX_FRAME_BYTES: number = 64 * 1024;

/** Bytes that a peer may send on a stream before they are read. */
export const STREAM_WINDOW_BYTES: number = 2 * 1024 * 1024;

/** Bytes that a peer may send on all streams before they are read. */
export const CONNECTION_WINDOW_BYTES: number = 16 * 1024 * 1024;

/** Most bytes of a header block, and of the list it makes. */
export const MAX_HEADER_BYTES: number = 32 * 1024;

/** The table of headers that a peer may refer to: the size that HTTP/2 begins with. */
export const HEADER_TABLE_BYTES = 4096;

/** Requests that may run at once on one connection, if nothing else is said: as few as RFC 9113 §6.5.2 recommends. */
export const DEFAULT_MAX_CONCURRENT_STREAMS = 100;

/** How long the last words of a connection may take, in milliseconds. */
export const LINGER_MS = 1000;
