import { Icon } from "../../elements/icon.tsx";
import type { LogsState } from "./state/logs_search.ts";

/** The conditions in force, each with a way to turn it round or take it away. */
export function FilterChips({ state }: { readonly state: LogsState }) {
  if (state.language !== "words" || state.filters.length === 0) return null;
  return (
    <ul className="logs-chips" aria-label="Filters">
      {state.filters.flatMap((filter) =>
        filter.values.map((value) => {
          const { kind, name, exclude } = filter;
          const word = kind === "pattern" ? "pattern" : name === "detected_level" ? "level" : name;
          return (
            <li
              key={`${kind} ${name} ${exclude} ${value}`}
              className={exclude ? "logs-chip excluded" : "logs-chip"}
            >
              <button
                type="button"
                title={exclude ? "Excluded. Click to include" : "Included. Click to exclude"}
                onClick={() => state.toggle(filter, value, !exclude)}
              >
                {word} {exclude ? "is not" : "is"}{" "}
                <b className="clip">{value === "" ? "(empty)" : value}</b>
              </button>
              <button
                type="button"
                aria-label={`Remove the filter ${word} ${value}`}
                onClick={() => state.toggle(filter, value, exclude)}
              >
                <Icon name="cross" />
              </button>
            </li>
          );
        }),
      )}
      <li>
        <button
          type="button"
          className="logs-clear"
          onClick={() => state.change({ f: "", line: "" }, { replace: false })}
        >
          Clear filters
        </button>
      </li>
    </ul>
  );
}
