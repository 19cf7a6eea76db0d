import type { DataLink } from "#shared/dashboards/dashboard.ts";
import { displayText, type Display } from "../../plot/display.ts";
import { textOn, withAlpha } from "../../plot/colors.ts";
import { HistoryArea } from "../stat/history_area.tsx";
import type { TableFieldOptions } from "./options.ts";

type Props = {
  readonly value: unknown;
  readonly display: Display;
  readonly kind: TableFieldOptions["cell"];
  readonly links: readonly DataLink[];
  readonly width: number;
  readonly height: number;
};

/** What stands in a cell. Values come from outside: they are text, and lead only where a link says so. */
export function TableCell({ value, display, kind, links, width, height }: Props) {
  const text = displayText(display);
  const { color } = display;
  const [first] = links;
  const content =
    first === undefined ? (
      <Plain value={value} text={text} kind={kind} />
    ) : (
      <a
        href={first.url}
        title={first.title}
        {...(first.new_tab ? { target: "_blank", rel: "noopener noreferrer" } : {})}
      >
        {text}
      </a>
    );
  if (kind === "sparkline") {
    const history = historyOf(value);
    return history === undefined ? (
      content
    ) : (
      <HistoryArea
        values={history}
        width={Math.max(24, width)}
        height={height}
        color={color ?? "currentColor"}
      />
    );
  }
  if (kind === "color_text" && color !== undefined) {
    return <span style={{ color, fontWeight: 600 }}>{content}</span>;
  }
  if (kind === "color_background" && color !== undefined) {
    return (
      <span className="table-cell-filled" style={{ background: color, color: textOn(color) }}>
        {content}
      </span>
    );
  }
  if (kind === "gauge" && Number.isFinite(display.part)) {
    const part = Math.max(0, Math.min(1, display.part));
    const fill = color ?? "var(--accent)";
    return (
      <span className="table-cell-gauge">
        <span className="table-cell-track">
          <i
            style={{
              width: `${part * 100}%`,
              background: color === undefined ? fill : withAlpha(fill, 0.8),
            }}
          />
        </span>
        <span>{content}</span>
      </span>
    );
  }
  return content;
}

function Plain({
  value,
  text,
  kind,
}: {
  readonly value: unknown;
  readonly text: string;
  readonly kind: Props["kind"];
}) {
  if (kind === "json")
    return <code>{typeof value === "string" ? value : JSON.stringify(value)}</code>;
  if (kind === "link" && typeof value === "string" && /^https?:\/\//i.test(value)) {
    return (
      <a href={value} target="_blank" rel="noopener noreferrer">
        {text}
      </a>
    );
  }
  return <span className="clip">{text}</span>;
}

/** A column of numbers, or a frame that a transformation put into the cell. */
function historyOf(value: unknown): Float64Array | undefined {
  if (value instanceof Float64Array) return value.length > 1 ? value : undefined;
  if (Array.isArray(value)) return Float64Array.from(value, Number);
  if (typeof value !== "object" || value === null || !("fields" in value)) return undefined;
  const { fields } = value;
  if (!Array.isArray(fields)) return undefined;
  const found: unknown = fields.find((field: unknown) => isNumbers(field));
  return isNumbers(found) ? Float64Array.from(found.values) : undefined;
}

function isNumbers(field: unknown): field is { readonly values: Float64Array } {
  return (
    typeof field === "object" &&
    field !== null &&
    "type" in field &&
    field.type === "number" &&
    "values" in field &&
    field.values instanceof Float64Array
  );
}
