import { assertNever } from "#shared/assert.ts";
import type { NotificationRow } from "../../client/alertmanager.ts";
import { Icon } from "../../elements/icon.tsx";

/** What became of a notification, with its colour, an icon and the word. */
export function OutcomeWord({ state }: Pick<NotificationRow, "state">) {
  switch (state) {
    case "sent":
      return (
        <span className="state good">
          <Icon name="check" />
          sent
        </span>
      );
    case "pending":
      return (
        <span className="state warn">
          <Icon name="clock" />
          under way
        </span>
      );
    case "failed":
    case "given_up":
      return (
        <span className="state bad">
          <Icon name="cross" />
          {outcomeText(state)}
        </span>
      );
    case "interrupted":
      return <span className="quiet">{outcomeText(state)}</span>;
    default:
      return assertNever(state);
  }
}

export function outcomeText(state: NotificationRow["state"]): string {
  return state.replace("_", " ");
}
