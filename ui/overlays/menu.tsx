import * as RadixMenu from "radix-ui/dropdown-menu";
import type { ReactElement } from "react";
import { Icon, type IconName } from "../elements/icon.tsx";

export type MenuItem = {
  readonly label: string;
  readonly onSelect: () => void;
  readonly icon?: IconName;
  /** Keys that do the same, as text: "t z". */
  readonly keys?: string;
  /** Present for what is on or off. */
  readonly checked?: boolean;
  readonly disabled?: boolean;
  /** Whether it destroys something. */
  readonly danger?: boolean;
};

/** A line between items, or a heading over those that follow. */
export type MenuEntry = MenuItem | "line" | { readonly heading: string };

type Props = {
  /** One button. */
  readonly trigger: ReactElement;
  readonly label: string;
  /** Those that take time to tell are told when the menu is opened. */
  readonly entries: readonly MenuEntry[] | (() => readonly MenuEntry[]);
  readonly align?: "start" | "center" | "end";
};

/** A list of actions under a button; arrows move, letters jump, Escape closes. */
export function Menu({ trigger, label, entries, align = "end" }: Props) {
  return (
    <RadixMenu.Root modal={false}>
      <RadixMenu.Trigger asChild>{trigger}</RadixMenu.Trigger>
      <RadixMenu.Portal>
        <RadixMenu.Content
          className="popover menu"
          aria-label={label}
          align={align}
          sideOffset={4}
          collisionPadding={8}
        >
          <Entries entries={entries} />
        </RadixMenu.Content>
      </RadixMenu.Portal>
    </RadixMenu.Root>
  );
}

function Entries({ entries }: Pick<Props, "entries">) {
  const told = typeof entries === "function" ? entries() : entries;
  return told.map((entry, i) => <Entry key={i} entry={entry} />);
}

function Entry({ entry }: { readonly entry: MenuEntry }) {
  if (entry === "line") return <RadixMenu.Separator className="menu-line" />;
  if ("heading" in entry) {
    return <RadixMenu.Label className="menu-heading">{entry.heading}</RadixMenu.Label>;
  }
  const { checked, disabled = false } = entry;
  const className = entry.danger === true ? "menu-item danger" : "menu-item";
  if (checked !== undefined) {
    return (
      <RadixMenu.CheckboxItem
        className={className}
        checked={checked}
        disabled={disabled}
        onSelect={entry.onSelect}
      >
        <ItemText item={entry} />
      </RadixMenu.CheckboxItem>
    );
  }
  return (
    <RadixMenu.Item className={className} disabled={disabled} onSelect={entry.onSelect}>
      <ItemText item={entry} />
    </RadixMenu.Item>
  );
}

function ItemText({ item }: { readonly item: MenuItem }) {
  const icon = item.checked === true ? "check" : item.icon;
  return (
    <>
      <span className="menu-icon">{icon !== undefined && <Icon name={icon} />}</span>
      <span className="clip">{item.label}</span>
      {item.keys !== undefined && <kbd className="menu-keys">{item.keys}</kbd>}
    </>
  );
}
