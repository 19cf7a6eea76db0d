import type { Dashboard } from "#shared/dashboards/dashboard.ts";
import { messageOf } from "#shared/errors.ts";
import { useSearchChange } from "../../state/frame.ts";
import { Corner } from "../../widgets/picture.tsx";

type Props = {
  readonly dashboard: Dashboard;
  readonly hidden: ReadonlySet<string>;
  readonly error: unknown;
};

/** Shows and hides the annotations of each source. */
export function AnnotationToggles({ dashboard, hidden, error }: Props) {
  const change = useSearchChange();
  const shown = dashboard.annotations.filter((each) => each.enabled && !each.hidden);
  const toggle = (name: string): void => {
    const next = new Set(hidden);
    if (!next.delete(name)) next.add(name);
    change({ hidden: [...next].join(",") });
  };
  return (
    <>
      {shown.map(({ name }) => (
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
      ))}
      {error !== undefined && (
        <Corner state="partial" detail={messageOf(error)}>
          annotations: {messageOf(error)}
        </Corner>
      )}
    </>
  );
}
