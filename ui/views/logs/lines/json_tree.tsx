import { useState } from "react";

const itemsMax = 200;
const depthOpen = 2;

/** JSON as a tree that opens and closes. Names and values are text. */
export function JsonTree({
  value,
  depth = 0,
}: {
  readonly value: unknown;
  readonly depth?: number;
}) {
  const [isLong, setLong] = useState(false);
  if (typeof value !== "object" || value === null) return <Leaf value={value} />;
  const entries: [string, unknown][] = Object.entries(value);
  if (entries.length === 0)
    return <span className="json-leaf">{Array.isArray(value) ? "[]" : "{}"}</span>;
  const shown = isLong ? entries : entries.slice(0, itemsMax);
  return (
    <ul className="json-tree">
      {shown.map(([name, inner]) => (
        <li key={name}>
          {typeof inner === "object" && inner !== null && Object.keys(inner).length > 0 ? (
            <details open={depth < depthOpen}>
              <summary>
                <span className="json-name">{name}</span>{" "}
                <span className="quiet">
                  {Array.isArray(inner) ? `[${inner.length}]` : `{${Object.keys(inner).length}}`}
                </span>
              </summary>
              <JsonTree value={inner} depth={depth + 1} />
            </details>
          ) : (
            <>
              <span className="json-name">{name}</span> <JsonTree value={inner} depth={depth + 1} />
            </>
          )}
        </li>
      ))}
      {shown.length < entries.length && (
        <li>
          <button type="button" className="logs-more" onClick={() => setLong(true)}>
            {entries.length - shown.length} more
          </button>
        </li>
      )}
    </ul>
  );
}

function Leaf({ value }: { readonly value: unknown }) {
  const kind = value === null ? "null" : typeof value;
  return (
    <span className={`json-leaf json-${kind}`}>
      {typeof value === "string" ? value : JSON.stringify(value)}
    </span>
  );
}
