/** Version of Teleport whose protocol this cluster speaks; clients compare it with their own. */
export const SERVER_VERSION = "19.0.0";

/** Oldest client of Teleport's that is expected to work. */
export const MIN_CLIENT_VERSION = "13.0.0";
