import { Popover } from "../overlays/popover.tsx";
import { Icon } from "../elements/icon.tsx";

type Props = {
  readonly warnings: readonly string[];
  /** Whether stored data are missing, or the warnings are about something else. */
  readonly isPartial?: boolean;
};

/** A mark beside an answer that has warnings; opened, it shows them. */
export function Incomplete({ warnings, isPartial = true }: Props) {
  if (warnings.length === 0) return null;
  return (
    <Popover
      label={isPartial ? "What is missing" : "Warnings"}
      className="incomplete"
      trigger={
        <button type="button" className="corner partial incomplete-button">
          <Icon name="warning" />
          {isPartial ? "Incomplete" : "Warnings"}
        </button>
      }
    >
      <ul>
        {warnings.map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
    </Popover>
  );
}
