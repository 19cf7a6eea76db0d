import { Command } from "cmdk";
import * as RadixDialog from "radix-ui/dialog";
import { useState } from "react";
import { Icon } from "../../elements/icon.tsx";
import type { TimeActions } from "../time/use_time_actions.ts";
import { useEntries, type PaletteEntry } from "./use_entries.ts";

type Props = {
  readonly onClose: () => void;
  readonly actions: TimeActions;
  readonly showKeys: () => void;
};

/** Everything by its name: pages, hosts, dashboards, metrics, times and actions. */
// React.lazy asks for a default export.
export default function Palette({ onClose, actions, showKeys }: Props) {
  const [text, setText] = useState("");
  const { groups, loading } = useEntries(text, actions, showKeys);
  const run = (entry: PaletteEntry): void => {
    onClose();
    entry.run();
  };
  return (
    <RadixDialog.Root open onOpenChange={onClose}>
      <RadixDialog.Portal>
        <RadixDialog.Overlay className="veil" />
        <RadixDialog.Content className="dialog palette" aria-describedby={undefined}>
          <RadixDialog.Title className="hidden">Search everything</RadixDialog.Title>
          <Command label="Search everything" shouldFilter={false} loop className="option-list">
            <div className="palette-field">
              <Icon name="search" />
              <Command.Input
                autoFocus
                placeholder="Pages, hosts, dashboards, metrics, actions"
                value={text}
                maxLength={200}
                onValueChange={setText}
              />
              <RadixDialog.Close className="icon-button plain" aria-label="Close">
                <Icon name="cross" />
              </RadixDialog.Close>
            </div>
            <Command.List className="options">
              {groups.map(({ title, entries }) => (
                <Command.Group key={title} heading={title} className="palette-group">
                  {entries.map((entry) => (
                    <Item key={entry.id} entry={entry} onRun={run} />
                  ))}
                </Command.Group>
              ))}
            </Command.List>
            <p className="option-foot" role="status">
              {groups.length > 0 ? "" : loading ? "Searching…" : "Nothing has this name"}
            </p>
          </Command>
        </RadixDialog.Content>
      </RadixDialog.Portal>
    </RadixDialog.Root>
  );
}

type ItemProps = { readonly entry: PaletteEntry; readonly onRun: (entry: PaletteEntry) => void };

function Item({ entry, onRun }: ItemProps) {
  return (
    <Command.Item className="menu-item" value={entry.id} onSelect={() => onRun(entry)}>
      <span className="menu-icon">
        <Icon name={entry.icon} />
      </span>
      <span className="palette-label" title={entry.label}>
        {entry.label}
      </span>
      <span className="palette-detail clip">{entry.detail}</span>
      {entry.keys !== undefined && <kbd className="menu-keys">{entry.keys}</kbd>}
    </Command.Item>
  );
}
