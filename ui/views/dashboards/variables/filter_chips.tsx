import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import type { Matcher } from "#shared/model/labels.ts";
import { variableAsker } from "../../../dashboards/runner/variable_asker.ts";
import { Popover } from "../../../overlays/popover.tsx";
import { Select } from "../../../overlays/select.tsx";
import { Icon } from "../../../elements/icon.tsx";
import { IconButton } from "../../../elements/buttons.tsx";

type Props = {
  readonly label: string;
  readonly filters: readonly Matcher[];
  readonly onChange: (filters: readonly Matcher[]) => void;
};

const operators = [
  { value: "=", label: "is" },
  { value: "!=", label: "is not" },
  { value: "=~", label: "matches" },
  { value: "!~", label: "does not match" },
] as const;
/** Names and values are looked up over this long. */
const lookBackMs = 3_600_000;
const suggestionsMax = 500;

/** Label conditions that hold for every query of the page, each with a way out, and a form for one more. */
export function FilterChips({ label, filters, onChange }: Props) {
  const [open, setOpen] = useState(false);
  return (
    <span className="filter-chips" role="group" aria-label={label}>
      {filters.map((filter, i) => (
        <span key={`${filter.name}${filter.op}${filter.value}`} className="chip">
          <span className="clip">
            {filter.name} {filter.op} {filter.value}
          </span>
          <IconButton
            icon="cross"
            label={`Remove ${filter.name} ${filter.op} ${filter.value}`}
            onClick={() => onChange(filters.toSpliced(i, 1))}
          />
        </span>
      ))}
      <Popover
        label="New filter"
        open={open}
        onOpenChange={setOpen}
        trigger={
          <button type="button" className="button" aria-label="Add a filter">
            <Icon name="plus" /> Filter
          </button>
        }
      >
        <NewFilter
          onAdd={(filter) => {
            setOpen(false);
            onChange([...filters, filter]);
          }}
        />
      </Popover>
    </span>
  );
}

function NewFilter({ onAdd }: { readonly onAdd: (filter: Matcher) => void }) {
  const id = useId();
  const [name, setName] = useState("");
  const [op, setOp] = useState<Matcher["op"]>("=");
  const [value, setValue] = useState("");
  const names = useSuggestions("names", "", true);
  const values = useSuggestions("values", name, name !== "");
  return (
    <form
      className="new-filter"
      onSubmit={(event) => {
        event.preventDefault();
        if (name !== "") onAdd({ name, op, value });
      }}
    >
      <input
        className="input"
        aria-label="Label"
        placeholder="label"
        list={`${id}-names`}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <Select label="Condition" value={op} options={operators} onChange={setOp} />
      <input
        className="input"
        aria-label="Value"
        placeholder="value"
        list={`${id}-values`}
        value={value}
        onChange={(event) => setValue(event.target.value)}
      />
      <datalist id={`${id}-names`}>
        {names.map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
      <datalist id={`${id}-values`}>
        {values.map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
      <button type="submit" className="button primary" disabled={name === ""}>
        Add
      </button>
    </form>
  );
}

function useSuggestions(
  what: "names" | "values",
  label: string,
  enabled: boolean,
): readonly string[] {
  const { data } = useQuery({
    queryKey: ["filter_suggestions", what, label],
    queryFn: async ({ signal }) => {
      const endMs = Date.now();
      const ask = variableAsker({ startMs: endMs - lookBackMs, endMs });
      const common = { source: "metrics", match: undefined } as const;
      const found = await ask(
        what === "names"
          ? { ...common, ask: "label_names" }
          : { ...common, ask: "label_values", label },
        signal,
      );
      return found.slice(0, suggestionsMax);
    },
    enabled: enabled && (what === "names" || /^[a-zA-Z_]\w*$/.test(label)),
    staleTime: 60_000,
  });
  return data ?? [];
}
