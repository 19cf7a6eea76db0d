import * as RadixTabs from "radix-ui/tabs";
import { type ReactNode, useEffect, useRef } from "react";

export type Tab<Value extends string> = {
  readonly value: Value;
  readonly label: string;
  /** A figure beside the label: how many there are. */
  readonly count?: number | undefined;
};

type Props<Value extends string> = {
  readonly label: string;
  readonly tabs: readonly Tab<Value>[];
  readonly value: Value;
  readonly onChange: (value: Value) => void;
  /** What the tab that is on shows. */
  readonly children: ReactNode;
};

/** Several views of one thing, one at a time; the caller keeps which in the URL. */
export function Tabs<Value extends string>(props: Props<Value>) {
  const { label, tabs, value, onChange, children } = props;
  const list = useRef<HTMLDivElement>(null);
  // Of more tabs than there is room for, the one that is on is in view.
  useEffect(() => {
    const on = list.current?.querySelector<HTMLElement>('[data-state="active"]');
    if (list.current === null || on == null) return;
    const [start, end] = [on.offsetLeft, on.offsetLeft + on.offsetWidth];
    const { scrollLeft, clientWidth } = list.current;
    if (start < scrollLeft) list.current.scrollLeft = start;
    else if (end > scrollLeft + clientWidth) list.current.scrollLeft = end - clientWidth;
  }, [value]);
  return (
    <RadixTabs.Root
      className="tabs"
      value={value}
      onValueChange={(next) => {
        const tab = tabs.find((each) => each.value === next);
        if (tab !== undefined) onChange(tab.value);
      }}
    >
      <RadixTabs.List ref={list} className="tab-list" aria-label={label}>
        {tabs.map((tab) => (
          <RadixTabs.Trigger key={tab.value} value={tab.value} className="tab">
            {tab.label}
            {tab.count !== undefined && <span className="tab-count">{tab.count}</span>}
          </RadixTabs.Trigger>
        ))}
      </RadixTabs.List>
      {tabs.map((tab) => (
        <RadixTabs.Content key={tab.value} value={tab.value} className="tab-content">
          {tab.value === value && children}
        </RadixTabs.Content>
      ))}
    </RadixTabs.Root>
  );
}
