import { Icon } from "../elements/icon.tsx";
import { markedQuery, queryErrorText, readQueryError } from "./query_error.ts";

/** The most of a query that is shown below its error. */
const queryMax = 2_000;

type Props = {
  readonly error: unknown;
  /** The query that failed, as it was sent. */
  readonly query?: string | undefined;
  /** Before the reason: "Could not be loaded". */
  readonly what?: string;
};

/** Why a query failed, and the query with the wrong place marked, where the answer names one. */
export function ErrorText({ error, query, what }: Props) {
  const { position } = readQueryError(error);
  return (
    <div className="error-text" role="alert">
      <Icon name="warning" />
      <div>
        <strong>
          {what === undefined ? "" : `${what}: `}
          {queryErrorText(error)}
        </strong>
        {query !== undefined && query.length <= queryMax && (
          <MarkedQuery parts={markedQuery(query, position)} />
        )}
      </div>
    </div>
  );
}

function MarkedQuery({
  parts: [before, wrong, after],
}: {
  readonly parts: readonly [string, string, string];
}) {
  return (
    <pre className="error-query">
      {before}
      {wrong !== "" && <mark>{wrong}</mark>}
      {after}
    </pre>
  );
}
