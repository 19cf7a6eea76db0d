import { useMemo } from "react";
import type { Panel } from "#shared/dashboards/dashboard.ts";
import { controlsOf } from "../../../dashboards/form/control.ts";
import {
  FieldPropertyControl,
  fieldProperties,
} from "../../../dashboards/form/field_options_form.tsx";
import {
  ChoiceField,
  FormSection,
  NumberField,
  TextField,
} from "../../../dashboards/form/fields.tsx";
import { OptionsForm, withMember } from "../../../dashboards/form/form.tsx";
import { Switch } from "../../../overlays/switch.tsx";
import { panelKindOf } from "../../../panels/registry.ts";
import type { Editor } from "../state/use_editor.ts";
import { LinksForm } from "./links_form.tsx";
import { OverridesForm } from "./overrides_form.tsx";

export type ChangePanel = (next: (panel: Panel) => Panel, kind?: string) => void;

type Props = {
  readonly panel: Panel;
  readonly editor: Editor;
  readonly fieldNames: readonly string[];
  readonly change: ChangePanel;
};

/** How a panel looks: what all have, its kind's options, its fields', and overrides. */
export function PanelForm({ panel, editor, fieldNames, change }: Props) {
  const kind = panelKindOf(panel.kind);
  const members = useMemo(() => (kind === undefined ? [] : controlsOf(kind.options)), [kind]);
  const own = useMemo(() => (kind === undefined ? [] : controlsOf(kind.fieldOptions)), [kind]);
  return (
    <>
      <GeneralFields panel={panel} editor={editor} change={change} />
      <OptionsForm
        title={kind?.name ?? panel.kind}
        members={members}
        values={panel.options}
        fieldNames={fieldNames}
        onChange={(name, value) =>
          change((now) => ({ ...now, options: withMember(now.options, name, value) }), name)
        }
      />
      <FormSection title="Fields">
        {fieldProperties.map(({ name }) => (
          <FieldPropertyControl
            key={name}
            property={name}
            options={panel.field}
            onChange={(field) => change((now) => ({ ...now, field }), `field ${name}`)}
          />
        ))}
      </FormSection>
      <OptionsForm
        title="How fields are drawn"
        members={own}
        values={panel.field.custom ?? {}}
        fieldNames={fieldNames}
        onChange={(name, value) =>
          change((now) => {
            const custom = withMember(now.field.custom ?? {}, name, value);
            return { ...now, field: { ...now.field, custom } };
          }, `custom ${name}`)
        }
      />
      <OverridesForm
        overrides={panel.overrides}
        members={own}
        fieldNames={fieldNames}
        onChange={(overrides) => change((now) => ({ ...now, overrides }), "overrides")}
      />
      <TimeFields panel={panel} change={change} />
      <LinksForm
        title={`Links (${panel.links.length})`}
        links={panel.links}
        onChange={(links) => change((now) => ({ ...now, links }), "links")}
      />
    </>
  );
}

function GeneralFields({ panel, editor, change }: Omit<Props, "fieldNames">) {
  return (
    <FormSection title="Panel">
      <TextField
        label="Title"
        value={panel.title}
        onChange={(title) => change((now) => ({ ...now, title }), "title")}
      />
      <TextField
        label="Description"
        value={panel.description ?? ""}
        lines
        onChange={(text) => change((now) => withText(now, "description", text), "description")}
      />
      <Switch
        label="Without a ground"
        checked={panel.transparent === true}
        onChange={(transparent) => change((now) => ({ ...now, transparent }))}
      />
      <RepeatFields panel={panel} editor={editor} change={change} />
    </FormSection>
  );
}

function RepeatFields({ panel, editor, change }: Omit<Props, "fieldNames">) {
  const names = editor.dashboard.variables.flatMap((each) => ("multi" in each ? [each.name] : []));
  const { repeat } = panel;
  if (names.length === 0 && repeat === undefined) return null;
  const set = (next: Panel["repeat"]): void =>
    change(({ repeat: _before, ...rest }) =>
      next === undefined ? rest : { ...rest, repeat: next },
    );
  return (
    <>
      <ChoiceField
        label="Repeat for each value of"
        value={repeat?.variable ?? ""}
        choices={[
          { value: "", label: "Nothing" },
          ...names.map((name) => ({ value: name, label: name })),
        ]}
        onChange={(name) =>
          set(
            typeof name === "string" && name !== ""
              ? { direction: "across", ...repeat, variable: name }
              : undefined,
          )
        }
      />
      {repeat !== undefined && (
        <>
          <ChoiceField
            label="Direction"
            value={repeat.direction}
            choices={[
              { value: "across", label: "Across" },
              { value: "down", label: "Down" },
            ]}
            onChange={(next) => set({ ...repeat, direction: next === "down" ? "down" : "across" })}
          />
          {repeat.direction === "across" && (
            <NumberField
              label="In a line at most"
              value={repeat.per_row}
              bounds={{ min: 1, max: 24, whole: true }}
              placeholder="4"
              onChange={(count) => {
                const { per_row: _before, ...rest } = repeat;
                set(count === undefined ? rest : { ...rest, per_row: count });
              }}
            />
          )}
        </>
      )}
    </>
  );
}

function TimeFields({ panel, change }: { readonly panel: Panel; readonly change: ChangePanel }) {
  const { time = {} } = panel;
  const set = (name: "from" | "shift", text: string): void =>
    change((now) => {
      const { [name]: _before, ...rest } = now.time ?? {};
      return { ...now, time: text === "" ? rest : { ...rest, [name]: text } };
    }, `time ${name}`);
  return (
    <FormSection title="Time and resolution" open={panel.time !== undefined}>
      <TextField
        label="Range of its own"
        value={time.from ?? ""}
        placeholder="now-2h"
        onChange={(text) => set("from", text)}
      />
      <TextField
        label="Earlier by"
        value={time.shift ?? ""}
        placeholder="1d"
        onChange={(text) => set("shift", text)}
      />
      <Switch
        label="Do not say so"
        checked={time.hide_note === true}
        onChange={(hide) => change((now) => ({ ...now, time: { ...now.time, hide_note: hide } }))}
      />
      <TextField
        label="Smallest step"
        value={panel.step_min ?? ""}
        placeholder="15s"
        onChange={(text) => change((now) => withText(now, "step_min", text), "step_min")}
      />
      <NumberField
        label="Points at most"
        value={panel.points_max}
        bounds={{ min: 1, max: 100_000, whole: true }}
        placeholder="its width"
        onChange={(count) =>
          change(({ points_max: _before, ...rest }) =>
            count === undefined ? rest : { ...rest, points_max: count },
          )
        }
      />
    </FormSection>
  );
}

function withText(panel: Panel, name: "description" | "step_min", text: string): Panel {
  const { [name]: _before, ...rest } = panel;
  return text === "" ? rest : { ...rest, [name]: text };
}
