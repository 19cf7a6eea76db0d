import type { CSSProperties } from "react";
import type { SortColumn } from "./host_rows.ts";

/** The columns of the table, in their order; what leads to a host always stays. */
export const columns: readonly {
  readonly id: SortColumn;
  readonly text: string;
  readonly number: boolean;
  readonly width: string;
}[] = [
  { id: "status", text: "Status", number: false, width: "88px" },
  { id: "name", text: "Host", number: false, width: "minmax(120px, 1fr)" },
  { id: "cpu", text: "CPU %", number: true, width: "88px" },
  { id: "memory", text: "Memory %", number: true, width: "88px" },
  { id: "disk", text: "Disk %", number: true, width: "88px" },
  { id: "received", text: "Net in", number: true, width: "126px" },
  { id: "sent", text: "Net out", number: true, width: "126px" },
  { id: "seen", text: "Last seen", number: true, width: "78px" },
  { id: "version", text: "Version", number: false, width: "60px" },
  { id: "in_flight", text: "In flight of all", number: true, width: "114px" },
  { id: "dropped", text: "Loss account", number: false, width: "140px" },
];

export const optionalColumns = [
  "cpu",
  "memory",
  "disk",
  "received",
  "sent",
  "seen",
  "version",
  "in_flight",
  "dropped",
] as const;
export type OptionalColumn = (typeof optionalColumns)[number];

/** Names of hidden columns, as the URL has them. */
export function parseHidden(text: string): ReadonlySet<OptionalColumn> {
  const names = text.split(",");
  return new Set(optionalColumns.filter((id) => names.includes(id)));
}

/** Room for the columns that are chosen; without a choice the style sheet decides by the width. */
export function columnStyle(hidden: ReadonlySet<OptionalColumn>): CSSProperties {
  if (hidden.size === 0) return {};
  const shown = columns.filter(
    ({ id }) => !optionalColumns.some((name) => name === id && hidden.has(name)),
  );
  const style: Record<string, string> = { "--columns": shown.map(({ width }) => width).join(" ") };
  return style;
}

/** Classes that take the cells of hidden columns away. */
export function columnClasses(hidden: ReadonlySet<OptionalColumn>): string {
  if (hidden.size === 0) return "";
  return ` chosen ${[...hidden].map((id) => `no-${id}`).join(" ")}`;
}
