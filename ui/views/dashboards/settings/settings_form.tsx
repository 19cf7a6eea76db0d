import type { Dashboard } from "#shared/dashboards/dashboard.ts";
import { ChoiceField, TextField } from "../../../dashboards/form/fields.tsx";
import { WordsField } from "../../../dashboards/form/words_field.tsx";
import { Combobox } from "../../../overlays/combobox.tsx";
import { Tabs } from "../../../overlays/tabs.tsx";
import { FormField } from "../../../dashboards/form/fields.tsx";
import { useSearchChange } from "../../../state/page_range.ts";
import { refreshNames } from "../../../state/time_range.ts";
import { LinksForm } from "../editor/links_form.tsx";
import type { Editor } from "../state/use_editor.ts";
import type { VariableStates } from "../state/use_variables.ts";
import { AnnotationsForm } from "./annotations_form.tsx";
import { VariablesForm } from "./variables_form.tsx";

const tabs = ["general", "variables", "annotations", "links"] as const;
type SettingsTab = (typeof tabs)[number];

type Props = {
  readonly uid: string;
  readonly editor: Editor;
  readonly states: VariableStates;
  readonly tab: string | undefined;
};

/** What holds for the whole dashboard. Changes count at once, and are saved with the dashboard. */
export function SettingsForm({ editor, states, tab }: Props) {
  const search = useSearchChange();
  const { dashboard, change } = editor;
  const at: SettingsTab = tabs.find((each) => each === tab) ?? "general";
  return (
    <Tabs
      label="Settings"
      value={at}
      onChange={(next) => search({ tab: next, edit: "yes" })}
      tabs={[
        { value: "general", label: "General" },
        { value: "variables", label: "Variables", count: dashboard.variables.length },
        { value: "annotations", label: "Annotations", count: dashboard.annotations.length },
        { value: "links", label: "Links", count: dashboard.links.length },
      ]}
    >
      {at === "general" && <GeneralForm dashboard={dashboard} change={change} />}
      {at === "variables" && <VariablesForm editor={editor} states={states} />}
      {at === "annotations" && <AnnotationsForm editor={editor} />}
      {at === "links" && (
        <LinksForm
          title="Links"
          links={dashboard.links}
          withTags
          onChange={(links) => change((now) => ({ ...now, links }), "links")}
        />
      )}
    </Tabs>
  );
}

const zones = [
  { value: "browser", label: "Of the browser" },
  { value: "utc", label: "UTC" },
  ...Intl.supportedValuesOf("timeZone").map((zone) => ({ value: zone, label: zone })),
];
const crosshairs = [
  { value: "line", label: "A line in all panels" },
  { value: "tooltip", label: "A line and values in all panels" },
  { value: "off", label: "Each panel its own" },
] as const;

function GeneralForm({
  dashboard,
  change,
}: {
  readonly dashboard: Dashboard;
  readonly change: Editor["change"];
}) {
  const set = <Name extends keyof Dashboard>(name: Name, value: Dashboard[Name]): void =>
    change((now) => ({ ...now, [name]: value }), name);
  return (
    <div className="form">
      <TextField
        label="Title"
        value={dashboard.title}
        // A dashboard without a title can't be saved; the field shows what is typed all the same.
        onChange={(title) => set("title", title === "" ? " " : title.trimStart())}
      />
      <TextField
        label="Description"
        value={dashboard.description ?? ""}
        lines
        onChange={(description) => set("description", description)}
      />
      <WordsField label="Tags" value={dashboard.tags} onChange={(tags) => set("tags", tags)} />
      <TextField
        label="From"
        value={dashboard.time.from}
        placeholder="now-6h"
        onChange={(from) => set("time", { ...dashboard.time, from })}
      />
      <TextField
        label="To"
        value={dashboard.time.to}
        placeholder="now"
        onChange={(to) => set("time", { ...dashboard.time, to })}
      />
      <ChoiceField
        label="Refresh"
        value={dashboard.refresh}
        choices={[
          { value: "", label: "As the reader has it" },
          ...refreshNames.map((name) => ({ value: name, label: name })),
        ]}
        onChange={(next) => set("refresh", typeof next === "string" ? next : "")}
      />
      <FormField label="Time zone">
        <Combobox
          label="Time zone"
          value={dashboard.time_zone}
          options={zones}
          onChange={(zone) => set("time_zone", zone)}
        />
      </FormField>
      <ChoiceField
        label="Crosshair"
        value={dashboard.crosshair}
        choices={crosshairs}
        onChange={(next) => {
          const found = crosshairs.find(({ value }) => value === next)?.value;
          if (found !== undefined) set("crosshair", found);
        }}
      />
    </div>
  );
}
