import { Icon } from "./icon.tsx";

/** Whether heartbeats arrive. */
export function StatusWord({ live }: { readonly live: boolean }) {
  return (
    <span className={live ? "state good" : "state bad"}>
      <Icon name={live ? "live" : "silent"} />
      {live ? "live" : "silent"}
    </span>
  );
}
