import type { EventRow } from "../client/event_service.ts";
import { formatAgo, formatExact } from "../units/format.ts";
import { useNow } from "../state/media.ts";
import { useTimeZone } from "../state/time_zone.ts";
import { Icon, type IconName } from "../elements/icon.tsx";
import { InnerLink } from "../elements/inner_link.tsx";

const looks: Readonly<Record<EventRow["level"], readonly [tone: string, icon: IconName]>> = {
  error: ["bad", "cross"],
  warning: ["warn", "warning"],
  info: ["quiet", "info"],
};

type Props = {
  readonly events: readonly EventRow[];
  readonly label: string;
  /** On the page of an agent there is no need to lead to it. */
  readonly isOfOneAgent?: boolean;
};

/** What changed, the newest first, each with its way to what it is about. */
export function EventList({ events, label, isOfOneAgent = false }: Props) {
  const nowMs = useNow(1_000);
  const timeZone = useTimeZone();
  return (
    <ul className="event-list" aria-label={label}>
      {events.map((event) => {
        const [tone, icon] = looks[event.level];
        const href = isOfOneAgent && event.agent !== "" ? undefined : placeOf(event);
        return (
          <li key={event.id}>
            <time
              dateTime={new Date(event.atMs).toISOString()}
              title={formatExact(event.atMs, timeZone)}
            >
              {formatAgo(event.atMs, nowMs)}
            </time>
            <span className={`state ${tone}`}>
              <Icon name={icon} />
              <span className="hidden">{event.level}</span>
            </span>
            <span className="event-text">
              {href === undefined ? event.text : <InnerLink to={href}>{event.text}</InnerLink>}
            </span>
          </li>
        );
      })}
    </ul>
  );
}

function placeOf({ kind, agent, details }: EventRow): string | undefined {
  const uid = details["uid"];
  if (kind === "dashboard_saved" && uid !== undefined)
    return `/dashboards/${encodeURIComponent(uid)}`;
  if (agent !== "" && kind !== "agent_forgotten") return `/hosts/${encodeURIComponent(agent)}`;
  return undefined;
}
