/**
 * What a terminal is shown: text made safe, tables that fit, a line that lives while something is awaited.
 *
 * @module
 */

export { printable } from "./printable.ts";
export { displayWidth, truncateToWidth } from "./width.ts";
export { type Column, formatTable } from "./table.ts";
export { StatusLine } from "./status_line.ts";
