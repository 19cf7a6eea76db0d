import { keepPreviousData, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { useState } from "react";
import { queryFacets, type FacetField, type FacetsAnswer } from "../../../client/log_records.ts";
import { fieldParsers } from "../../../client/logs.ts";
import { formatCount } from "../../../units/format.ts";
import { FilterBox } from "../../../widgets/filter_box.tsx";
import { Icon } from "../../../elements/icon.tsx";
import { Picture, RefreshCorner, Skeleton } from "../../../widgets/picture.tsx";
import { intervalOf } from "../../../queries/query_client.ts";
import type { Window } from "../../../state/time_range.ts";
import { stateOf, withoutIncluded, type FilterTarget } from "../state/filters.ts";
import { logqlOf } from "../state/logql.ts";
import type { LogsState } from "../state/logs_search.ts";

const facetLines = 5_000;
const valuesMax = 30;
const valuesShown = 6;
/** Fields that every line has another value of say nothing to choose by. */
const distinctShare = 0.9;
const openFields = 8;

type Props = { readonly state: LogsState; readonly window: Window; readonly rangeKey: string };

/** What the newest lines have in their labels and fields, with counts: a click includes, with Alt or on the minus excludes. */
export function FacetsPanel({ state, window, rangeKey }: Props) {
  const [text, setText] = useState("");
  const facets = useFacets(state.query, window, rangeKey);
  const parsers = useParsers(state.query, window, rangeKey);
  return (
    <div className="logs-facets">
      <FilterBox label="Search fields" value={text} onChange={setText} slash={false} />
      <Picture query={facets} skeleton={<Skeleton rows={12} height={20} />}>
        {(answer) => (
          <>
            <p className="quiet logs-facets-of">
              {answer.complete
                ? `of ${formatCount(answer.records)} lines`
                : `of the newest ${formatCount(answer.records)} lines`}
              <RefreshCorner query={facets} />
            </p>
            {chosen(answer, text).map((field, i) => (
              <Facet
                key={`${field.source} ${field.field}`}
                field={field}
                target={targetOf(field, parsers.data)}
                records={answer.records}
                state={state}
                window={window}
                rangeKey={rangeKey}
                startsOpen={i < openFields || text !== ""}
                text={text}
              />
            ))}
            {answer.fields.length === 0 && <p className="quiet">No lines, and so no fields.</p>}
          </>
        )}
      </Picture>
    </div>
  );
}

export function useFacets(
  query: string,
  window: Window,
  rangeKey: string,
): UseQueryResult<FacetsAnswer> {
  return useQuery({
    queryKey: ["log_facets", query, rangeKey],
    queryFn: ({ signal }) =>
      queryFacets({ query, ...window, values: valuesMax, lines: facetLines, signal }),
    placeholderData: keepPreviousData,
    refetchInterval: intervalOf(0),
  });
}

/** Which parsers find a field; of fields that it knows nothing of, both are tried. */
export function useParsers(
  query: string,
  window: Window,
  rangeKey: string,
): UseQueryResult<ReadonlyMap<string, readonly string[]>> {
  return useQuery({
    queryKey: ["log_field_parsers", query, rangeKey],
    queryFn: ({ signal }) => fieldParsers({ query, ...window, signal }),
    placeholderData: keepPreviousData,
    structuralSharing: false,
  });
}

export function targetOf(
  { field, source }: Pick<FacetField, "field" | "source">,
  known: ReadonlyMap<string, readonly string[]> | undefined,
): FilterTarget {
  if (source !== "line") return { kind: source, name: field, parsers: [] };
  const parsers = known?.get(field) ?? [];
  return {
    kind: "field",
    name: field,
    parsers: parsers.length === 0 ? ["json", "logfmt"] : parsers,
  };
}

/** Levels first, then labels, then what most lines have; those without a choice last. */
function chosen({ fields, records }: FacetsAnswer, text: string): FacetField[] {
  const wanted = text.trim().toLowerCase();
  const rank = ({ field, source, distinct, count }: FacetField): number => {
    if (field === "detected_level") return 0;
    if (distinct > 20 && distinct > count * distinctShare) return 4;
    if (distinct === 1 && count === records) return 3;
    return source === "label" ? 1 : 2;
  };
  const matches = ({ field, values }: FacetField): boolean =>
    field.toLowerCase().includes(wanted) ||
    values.some(({ value }) => value.toLowerCase().includes(wanted));
  return fields.filter(matches).toSorted((a, b) => rank(a) - rank(b));
}

type FacetProps = Props & {
  readonly field: FacetField;
  readonly target: FilterTarget;
  readonly records: number;
  readonly startsOpen: boolean;
  readonly text: string;
};

function Facet(props: FacetProps) {
  const { field, target, state, startsOpen, text } = props;
  const [isOpen, setOpen] = useState(startsOpen);
  const [isLong, setLong] = useState(false);
  const others = useOthers(props);
  const values = others ?? field.values;
  const wanted = text.trim().toLowerCase();
  const byText =
    wanted === "" || field.field.toLowerCase().includes(wanted)
      ? values
      : values.filter(({ value }) => value.toLowerCase().includes(wanted));
  const shown = isLong ? byText : byText.slice(0, valuesShown);
  const name = nameOf(field);
  return (
    <div className="logs-facet" role="group" aria-label={name}>
      <button
        type="button"
        className="logs-facet-name"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        <Icon name={isOpen ? "chevron" : "expand"} />
        <span className="clip" title={`${field.field}, ${sourceWords[field.source]}`}>
          {name}
        </span>
        <span className="quiet">
          {field.distinct > 9_999 ? "10 000+" : formatCount(field.distinct)}
        </span>
      </button>
      {isOpen && (
        <ul>
          {shown.map(({ value, count }) => (
            <FacetValue key={value} {...{ state, target, value, count, records: props.records }} />
          ))}
        </ul>
      )}
      {isOpen && byText.length > valuesShown && (
        <button type="button" className="logs-more" onClick={() => setLong(!isLong)}>
          {isLong ? "Fewer" : `${byText.length - valuesShown} more`}
        </button>
      )}
    </div>
  );
}

/** The level that the aggregator found goes by the plain name; what lines or streams call so says where it stands. */
function nameOf({ field, source }: FacetField): string {
  if (field === "detected_level") return "level";
  return field === "level" ? `level (${source})` : field;
}

const sourceWords = {
  label: "a label of the stream",
  metadata: "structured metadata",
  line: "found in the lines",
} as const;

/** Of a field that values were chosen of, what else could be chosen. */
function useOthers({ state, target, window, rangeKey }: FacetProps) {
  const isFiltered = state.filters.some(
    ({ kind, name, exclude }) => kind === target.kind && name === target.name && !exclude,
  );
  const query = logqlOf(state.terms, withoutIncluded(state.filters, target));
  const fields = [target.name];
  const others = useQuery({
    queryKey: ["log_facets", query, rangeKey, fields],
    queryFn: ({ signal }) =>
      queryFacets({ query, ...window, values: valuesMax, lines: facetLines, fields, signal }),
    enabled: isFiltered,
    placeholderData: keepPreviousData,
  });
  return isFiltered ? others.data?.fields[0]?.values : undefined;
}

function FacetValue({
  state,
  target,
  value,
  count,
  records,
}: {
  readonly state: LogsState;
  readonly target: FilterTarget;
  readonly value: string;
  readonly count: number;
  readonly records: number;
}) {
  const is = stateOf(state.filters, target, value);
  const shown = value === "" ? "(empty)" : value;
  return (
    <li
      className={`logs-value ${is ?? ""}`}
      style={{ backgroundSize: `${Math.min(100, (count / Math.max(1, records)) * 100)}% 100%` }}
    >
      <button
        type="button"
        className="logs-include"
        aria-pressed={is === "included"}
        onClick={(event) => state.toggle(target, value, event.altKey)}
        title={`${shown}\nClick to include, Alt-click to exclude`}
      >
        <span className="hidden">Include {target.name} </span>
        {target.name === "detected_level" && <i className={`level-dot level-${value}`} />}
        <span className="clip">{shortened(shown)}</span>
        <span className="logs-value-count">{formatCount(count)}</span>
      </button>
      <button
        type="button"
        className="logs-exclude"
        aria-pressed={is === "excluded"}
        aria-label={`Exclude ${target.name} ${shown}`}
        title="Exclude"
        onClick={() => state.toggle(target, value, true)}
      >
        <Icon name="minus" />
      </button>
    </li>
  );
}

const shownChars = 22;

/** Paths differ at their end. */
function shortened(value: string): string {
  if (!value.startsWith("/") || value.length <= shownChars) return value;
  return `…${value.slice(1 - shownChars)}`;
}
