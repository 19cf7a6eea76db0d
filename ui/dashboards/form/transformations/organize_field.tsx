import { Switch } from "../../../overlays/switch.tsx";
import { IconButton } from "../../../elements/buttons.tsx";
import { organizedFields, organizeOptions } from "./organize.ts";

type Values = Readonly<Record<string, unknown>>;

type Props = {
  readonly options: Values;
  readonly fieldNames: readonly string[];
  readonly onChange: (options: Values) => void;
};

/** Which fields are shown, in which order, and under which names. */
export function OrganizeField({ options, fieldNames, onChange }: Props) {
  const fields = organizedFields(options, fieldNames);
  const set = (next: typeof fields): void => onChange(organizeOptions(options, next));
  const move = (i: number, by: number): void => {
    const each = fields[i];
    if (each !== undefined) set(fields.toSpliced(i, 1).toSpliced(i + by, 0, each));
  };
  if (fields.length === 0) {
    return <p className="quiet">The queries have given no fields yet.</p>;
  }
  return (
    <ol className="organized-fields">
      {fields.map((each, i) => (
        <li key={each.field} className={each.isShown ? "" : "off"}>
          <Switch
            label={`Show ${each.field}`}
            hideLabel
            checked={each.isShown}
            onChange={(isShown) => set(fields.with(i, { ...each, isShown }))}
          />
          <span className="clip" title={each.field}>
            {each.field}
          </span>
          <input
            className="input"
            aria-label={`Name of ${each.field}`}
            placeholder="its own name"
            value={each.name}
            disabled={!each.isShown}
            onChange={(event) => set(fields.with(i, { ...each, name: event.target.value }))}
          />
          <IconButton
            icon="up"
            label={`Move ${each.field} up`}
            disabled={i === 0}
            onClick={() => move(i, -1)}
          />
          <IconButton
            icon="down"
            label={`Move ${each.field} down`}
            disabled={i === fields.length - 1}
            onClick={() => move(i, 1)}
          />
        </li>
      ))}
    </ol>
  );
}
