import type { DataLink } from "#shared/dashboards/dashboard.ts";
import { Switch } from "../../overlays/switch.tsx";
import { TextField } from "./fields.tsx";
import { Button, IconButton } from "../../elements/buttons.tsx";

type Props = {
  readonly value: readonly DataLink[];
  readonly onChange: (value: readonly DataLink[]) => void;
};

/** Links of each value, with what they are filled in with. */
export function DataLinksField({ value, onChange }: Props) {
  const set = (i: number, change: Partial<DataLink>): void => {
    const link = value[i];
    if (link !== undefined) onChange(value.with(i, { ...link, ...change }));
  };
  return (
    <fieldset className="form-nested">
      <legend>Data links</legend>
      {value.map((link, i) => (
        <div key={i} className="form-list-item">
          <TextField label="Title" value={link.title} onChange={(title) => set(i, { title })} />
          <TextField
            label="Address"
            description="With ${__value.raw}, ${__field.labels.name}, ${__url_time_range} and variables"
            value={link.url}
            code
            placeholder="/explore?expr=up"
            onChange={(url) => set(i, { url })}
          />
          <Switch
            label="In a new tab"
            checked={link.new_tab}
            onChange={(isNew) => set(i, { new_tab: isNew })}
          />
          <IconButton
            icon="trash"
            label={`Remove link ${i + 1}`}
            onClick={() => onChange(value.toSpliced(i, 1))}
          />
        </div>
      ))}
      <Button
        icon="plus"
        onClick={() => onChange([...value, { title: "", url: "", new_tab: false }])}
      >
        Add link
      </Button>
    </fieldset>
  );
}
