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
  const head = columns.map(({ title }) => ({ text: title, width: displayWidth(title) }));
  const cells = rows.map((row) => columns.map((_, index) => cellOf(row[index] ?? "")));
  const limits = limitsOf(columns, widest([head, ...cells]), options.columns);
  const body = cells.map((row) => row.map((cell, index) => cut(cell, limits[index]!)));
  const widths = widest([head, ...body]);
  const rule = widths.map((width) => ({ text: "-".repeat(width), width }));
  let table = "";
  for (const line of [head, rule, ...body]) table += joinLine(line, widths);
  return table;
}

/** What stands in a cell, and the columns that it fills. */
interface Cell {
  text: string;
  width: number;
}

function cellOf(content: string): Cell {
  const text = printable(content);
  return { text, width: displayWidth(text) };
}

/** The greatest width in each column. */
function widest(lines: readonly (readonly Cell[])[]): number[] {
  const widths: number[] = [];
  for (const line of lines) {
    line.forEach(({ width }, index) => widths[index] = Math.max(widths[index] ?? 0, width));
  }
  return widths;
}

/**
 * Most columns of a cell before it is cut; Infinity where there is no limit. The arithmetic is that of Teleport's tsh, so
 * that the same nodes in the same terminal give the same table: the others may have an equal share of what the minimum of
 * the giving column leaves, and that one gets the rest, less an ellipsis and a blank.
 */
function limitsOf(
  columns: readonly Column[],
  needed: readonly number[],
  terminalColumns: number | undefined,
): number[] {
  const limits = columns.map(() => Infinity);
  const giving = columns.findIndex((column) => column.givesWay);
  if (terminalColumns === undefined || giving < 0 || columns.length < 2) return limits;
  const available = Math.max(terminalColumns, MIN_TERMINAL_COLUMNS);
  const most = Math.floor((available - MIN_GIVING_COLUMNS) / (columns.length - 1));
  let taken = 0;
  needed.forEach((width, index) => {
    if (index === giving) return;
    const isLong = width > most;
    if (isLong) limits[index] = most;
    taken += isLong ? most + ELLIPSIS.length + 1 : width + 1;
  });
  limits[giving] = Math.max(available - taken - ELLIPSIS.length - 1, 0);
  return limits;
}

function cut(cell: Cell, limit: number): Cell {
  if (cell.width <= limit) return cell;
  const text = truncateToWidth(cell.text, limit) + ELLIPSIS;
  return { text, width: displayWidth(text) };
}

function joinLine(cells: readonly Cell[], widths: readonly number[]): string {
  let line = "";
  cells.forEach(({ text, width }, index) => {
    const columns = Math.max(widths[index]! + 1, MIN_CELL_COLUMNS);
    line += text + " ".repeat(columns - width);
  });
  return line.trimEnd() + "\n";
}
