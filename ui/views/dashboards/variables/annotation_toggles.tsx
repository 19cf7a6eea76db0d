import type { Dashboard } from "#shared/dashboards/dashboard.ts";
import { useSearchChange } from "../../../state/page_range.ts";
import { toggledAnnotations } from "./variables_summary.ts";

type Props = {
  readonly dashboard: Dashboard;
  readonly hidden: ReadonlySet<string>;
};

/** Shows and hides the annotations of each source. */
export function AnnotationToggles({ dashboard, hidden }: Props) {
  const change = useSearchChange();
  const toggle = (name: string): void => {
    const next = new Set(hidden);
    if (!next.delete(name)) next.add(name);
    change({ hidden: [...next].join(",") });
  };
  return toggledAnnotations(dashboard.annotations).map(({ name }) => (
    <button
      key={name}
      type="button"
      className="button"
      aria-pressed={!hidden.has(name)}
      title={`Annotations: ${name}`}
      onClick={() => toggle(name)}
    >
      {name}
    </button>
  ));
}
