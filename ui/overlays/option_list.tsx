import { Command } from "cmdk";
import { useMemo, useState } from "react";
import { Icon } from "../elements/icon.tsx";

export type ComboOption = {
  readonly value: string;
  readonly label?: string;
  /** Beside the label: a count, an offset. */
  readonly detail?: string;
};

/** Drawn at once; typing brings the others. */
const shownMax = 200;

type Props = {
  readonly label: string;
  readonly options: readonly ComboOption[];
  readonly chosen: readonly string[];
  readonly onChoose: (value: string) => void;
  readonly onSearch: ((text: string) => void) | undefined;
  readonly loading: boolean;
  readonly custom: boolean;
  readonly multiple?: boolean;
};

/** A field to type in, and the options that match: those that begin with it first. */
export function OptionList(props: Props) {
  const { label, options, chosen, onChoose, onSearch, custom } = props;
  const [text, setText] = useState("");
  const matching = useMemo(
    () => (onSearch === undefined ? matchingOptions(options, text) : options),
    [options, text, onSearch],
  );
  const search = (next: string): void => {
    setText(next);
    onSearch?.(next);
  };
  const typed = text.trim();
  const isNew = custom && typed !== "" && !options.some(({ value }) => value === typed);
  return (
    <Command label={label} shouldFilter={false} loop className="option-list">
      <Command.Input
        autoFocus
        className="option-search"
        placeholder="Search"
        value={text}
        maxLength={500}
        onValueChange={search}
      />
      <Command.List className="options">
        {matching.slice(0, shownMax).map((option) => (
          <Command.Item
            key={option.value}
            value={`=${option.value}`}
            className="menu-item"
            aria-checked={chosen.includes(option.value)}
            onSelect={() => onChoose(option.value)}
          >
            <span className="menu-icon">
              {chosen.includes(option.value) && <Icon name="check" />}
            </span>
            <span className="clip" title={option.label ?? option.value}>
              {option.label ?? option.value}
            </span>
            {option.detail !== undefined && (
              <span className="option-detail" title={option.detail}>
                {option.detail}
              </span>
            )}
          </Command.Item>
        ))}
        {isNew && (
          <Command.Item className="menu-item" value="typed" onSelect={() => onChoose(typed)}>
            <span className="menu-icon">
              <Icon name="plus" />
            </span>
            <span className="clip">{typed}</span>
          </Command.Item>
        )}
      </Command.List>
      <OptionFoot shown={matching.length} loading={props.loading} isNew={isNew} />
    </Command>
  );
}

function OptionFoot({
  shown,
  loading,
  isNew,
}: {
  readonly shown: number;
  readonly loading: boolean;
  readonly isNew: boolean;
}) {
  const text = loading
    ? "Loading…"
    : shown > shownMax
      ? `${shown - shownMax} more: type to find them`
      : shown === 0 && !isNew
        ? "Nothing matches"
        : "";
  return (
    <p className="option-foot" role="status">
      {text}
    </p>
  );
}

/** Every word typed is in the label; labels that begin with the text come first. */
export function matchingOptions(options: readonly ComboOption[], text: string): ComboOption[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return [...options];
  const words = wanted.split(/\s+/);
  const found = options.flatMap((option) => {
    const label = (option.label ?? option.value).toLowerCase();
    if (!words.every((word) => label.includes(word))) return [];
    return [{ option, rank: label === wanted ? 0 : label.startsWith(wanted) ? 1 : 2 }];
  });
  return found.toSorted((a, b) => a.rank - b.rank).map(({ option }) => option);
}
