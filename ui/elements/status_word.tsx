import { Icon } from "./icon.tsx";

type Props = {
  readonly live: boolean;
  /** Whether this is known of now: while the aggregator does not answer, nobody knows. */
  readonly known: boolean;
};

/** Whether heartbeats arrive. */
export function StatusWord({ live, known }: Props) {
  if (!known) {
    return (
      <span className="state quiet" title={`was ${live ? "live" : "silent"} when last heard of`}>
        <Icon name="warning" />
        unknown
      </span>
    );
  }
  return (
    <span className={live ? "state good" : "state bad"}>
      <Icon name={live ? "live" : "silent"} />
      {live ? "live" : "silent"}
    </span>
  );
}
