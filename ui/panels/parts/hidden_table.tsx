/** Rows that are read out; more would be no summary. */
const rowsMax = 50;

/** What a picture shows, as a table for those who do not see it. */
export function HiddenTable({
  caption,
  head,
  rows,
}: {
  readonly caption: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}) {
  const left = rows.length - rowsMax;
  return (
    <div className="hidden">
      <table>
        <caption>{left > 0 ? `${caption}; ${left} more rows are not listed` : caption}</caption>
        <thead>
          <tr>
            {head.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, rowsMax).map((cells, i) => (
            // Rows have no identity of their own.
            <tr key={i}>
              {cells.map((cell, j) => (
                <td key={j}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
