import type { DashboardLink } from "#shared/dashboards/dashboard.ts";
import { ChoiceField, FormSection, TextField } from "../../../dashboards/form/fields.tsx";
import { WordsField } from "../../../dashboards/form/words_field.tsx";
import { Switch } from "../../../overlays/switch.tsx";
import { Button } from "../../../elements/buttons.tsx";

type Props = {
  readonly title: string;
  readonly links: readonly DashboardLink[];
  /** Whether links to all dashboards of some tags are offered. */
  readonly withTags?: boolean;
  readonly onChange: (links: DashboardLink[]) => void;
};

/** Links of a panel or a dashboard. */
export function LinksForm({ title, links, withTags = false, onChange }: Props) {
  return (
    <FormSection title={title} open={links.length > 0}>
      {links.map((link, i) => (
        <LinkFields
          key={i}
          at={i}
          link={link}
          withTags={withTags}
          onChange={(next) => onChange(links.with(i, next))}
          onRemove={() => onChange(links.toSpliced(i, 1))}
        />
      ))}
      <Button
        icon="plus"
        onClick={() => onChange([...links, { title: "", kind: "url", url: "", tags: [] }])}
      >
        Add link
      </Button>
    </FormSection>
  );
}

type FieldsProps = {
  readonly at: number;
  readonly link: DashboardLink;
  readonly withTags: boolean;
  readonly onChange: (link: DashboardLink) => void;
  readonly onRemove: () => void;
};

function LinkFields({ at, link, withTags, onChange, onRemove }: FieldsProps) {
  return (
    <fieldset className="form-nested">
      <legend>Link {at + 1}</legend>
      <TextField
        label="Title"
        value={link.title}
        onChange={(title) => onChange({ ...link, title })}
      />
      {withTags && (
        <ChoiceField
          label="To"
          value={link.kind}
          choices={[
            { value: "url", label: "An address" },
            { value: "dashboards", label: "Dashboards with tags" },
          ]}
          onChange={(kind) =>
            onChange({ ...link, kind: kind === "dashboards" ? "dashboards" : "url" })
          }
        />
      )}
      <TargetFields link={link} onChange={onChange} />
      {withTags && (
        <>
          <Switch
            label="Keep the time range"
            checked={link.keep_time === true}
            onChange={(keep) => onChange({ ...link, keep_time: keep })}
          />
          <Switch
            label="Keep the variables"
            checked={link.keep_variables === true}
            onChange={(keep) => onChange({ ...link, keep_variables: keep })}
          />
        </>
      )}
      <Switch
        label="In a new tab"
        checked={link.new_tab === true}
        onChange={(isNew) => onChange({ ...link, new_tab: isNew })}
      />
      <Button icon="trash" onClick={onRemove}>
        Remove link
      </Button>
    </fieldset>
  );
}

function TargetFields({ link, onChange }: Pick<FieldsProps, "link" | "onChange">) {
  return link.kind === "url" ? (
    <TextField
      label="Address"
      value={link.url ?? ""}
      code
      onChange={(url) => onChange({ ...link, url })}
    />
  ) : (
    <>
      <WordsField label="Tags" value={link.tags} onChange={(tags) => onChange({ ...link, tags })} />
      <Switch
        label="As a menu"
        checked={link.dropdown === true}
        onChange={(dropdown) => onChange({ ...link, dropdown })}
      />
    </>
  );
}
