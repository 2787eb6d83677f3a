/**
 * Tables as Teleport's tools draw them:
 *
 *     Node Name Address        Labels
 *     --------- -------------- -----------
 *     server01  127.0.0.1:3022 arch=x86_64
 *
 * Columns are as wide as what is in them. On a terminal one column gives way, so that a row stays a line; in a pipe
 * nothing is cut. No line ends in blanks.
 *
 * @module
 */

import { printable } from "./printable.ts";
import { displayWidth, truncateToWidth } from "./width.ts";

/** A column of a table. */
export interface Column {
  /** Its head. */
  title: string;
  /** Cut to what the other columns leave of the terminal. At most one column may say so. */
  givesWay?: boolean;
}

const ELLIPSIS = "...";

/** Columns that the one which gives way has at least, before the others are cut as well. */
const MIN_GIVING_COLUMNS = 16;

/** A terminal that says it has fewer columns than this is not believed. */
const MIN_TERMINAL_COLUMNS = 20;

/** Narrowest column with the blank after it, as the tables of Teleport's tools have it. */
const MIN_CELL_COLUMNS = 5;

/**
 * The table, each line with its newline.
 *
 * @param rows Cells as they came; they are made printable here.
 * @param options.columns Columns of the terminal; absent when the output is not one.
 */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  options: { columns?: number | undefined } = {},
): string {
  const cells = rows.map((row) => columns.map((_, index) => printable(row[index] ?? "")));
  const limits = limitsOf(columns, cells, options.columns);
  const body = cells.map((row) => row.map((cell, index) => cut(cell, limits[index]!)));
  const titles = columns.map((column) => column.title);
  const widths = titles.map((title, index) =>
    body.reduce((width, row) => Math.max(width, displayWidth(row[index]!)), displayWidth(title))
  );
  const lines = [titles, widths.map((width) => "-".repeat(width)), ...body];
  return lines.map((line) => joinLine(line, widths)).join("");
}

/**
 * Most columns of a cell before it is cut; Infinity where there is no limit. The arithmetic is that of Teleport's tsh, so
 * that the same nodes in the same terminal give the same table: the others may have an equal share of what the minimum of
 * the giving column leaves, and that one gets the rest, less an ellipsis and a blank.
 */
function limitsOf(
  columns: readonly Column[],
  cells: readonly (readonly string[])[],
  terminalColumns: number | undefined,
): number[] {
  const limits = columns.map(() => Infinity);
  const giving = columns.findIndex((column) => column.givesWay);
  if (terminalColumns === undefined || giving < 0 || columns.length < 2) return limits;
  const available = Math.max(terminalColumns, MIN_TERMINAL_COLUMNS);
  const most = Math.floor((available - MIN_GIVING_COLUMNS) / (columns.length - 1));
  let taken = 0;
  columns.forEach(({ title }, index) => {
    if (index === giving) return;
    const needed = cells.reduce(
      (width, row) => Math.max(width, displayWidth(row[index]!)),
      displayWidth(title),
    );
    const isLong = needed > most;
    if (isLong) limits[index] = most;
    taken += isLong ? most + ELLIPSIS.length + 1 : needed + 1;
  });
  limits[giving] = Math.max(available - taken - ELLIPSIS.length - 1, 0);
  return limits;
}

function cut(cell: string, limit: number): string {
  if (displayWidth(cell) <= limit) return cell;
  return truncateToWidth(cell, limit) + ELLIPSIS;
}

function joinLine(cells: readonly string[], widths: readonly number[]): string {
  let line = "";
  cells.forEach((cell, index) => {
    const columns = Math.max(widths[index]! + 1, MIN_CELL_COLUMNS);
    line += cell + " ".repeat(columns - displayWidth(cell));
  });
  return line.trimEnd() + "\n";
}
