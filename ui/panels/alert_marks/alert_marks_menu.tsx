import { Icon } from "../../elements/icon.tsx";
import { Menu } from "../../overlays/menu.tsx";
import {
  type AlertMarkChoice,
  alertMarkChoices,
  chooseAlertMarks,
  useAlertMarkChoice,
} from "../../state/alert_marks.ts";

const names: Readonly<Record<AlertMarkChoice, string>> = {
  fitting: "Alerts that fit the series",
  all: "All alerts",
  none: "No alerts",
};

/** Chooses of which alerts charts show when they fired. */
export function AlertMarksMenu() {
  const choice = useAlertMarkChoice();
  return (
    <Menu
      label="Alerts on charts"
      trigger={
        <button
          type="button"
          className="icon-button"
          aria-label={`Alerts on charts: ${names[choice]}`}
          title={`Alerts on charts: ${names[choice]}`}
        >
          <Icon name="eye" />
        </button>
      }
      entries={[
        { heading: "Alerts on charts" },
        ...alertMarkChoices.map((each) => ({
          label: names[each],
          checked: each === choice,
          onSelect: () => chooseAlertMarks(each),
        })),
      ]}
    />
  );
}
