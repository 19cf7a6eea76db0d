import { formatAgo, formatCount, formatExact, formatSpan } from "../../units/format.ts";
import { useNow } from "../../state/media.ts";
import { useTimeZone } from "../../state/time_zone.ts";
import { Icon } from "../../elements/icon.tsx";
import { InnerLink } from "../../elements/inner_link.tsx";
import { Corner, Skeleton } from "../../widgets/picture.tsx";
import { countProblems, groupProblems, kindLinks, type Problem } from "./problem.ts";

type Props = {
  readonly problems: readonly Problem[];
  readonly complaints: readonly string[];
  readonly isWhole: boolean;
  /** What is well, in one sentence; undefined while nobody knows. */
  readonly calm: string | undefined;
};

/** What is wrong now: first on the page and largest, a line each with its way to the place. */
export function ProblemList({ problems, complaints, isWhole, calm }: Props) {
  const groups = groupProblems(problems);
  const isBad = problems.some(({ level }) => level === "bad");
  const tone = problems.length === 0 ? "good" : isBad ? "bad" : "warn";
  return (
    <section className={`problems ${tone}`} aria-label="What is wrong now">
      <div className="problems-head" role="status">
        {problems.length > 0 ? (
          <h2>
            <Icon name={isBad ? "cross" : "warning"} />
            {countProblems(problems)}
          </h2>
        ) : calm === undefined || (!isWhole && complaints.length === 0) ? (
          <Skeleton rows={1} height={28} />
        ) : (
          <h2>
            <Icon name={complaints.length === 0 ? "check" : "warning"} />
            {complaints.length === 0 ? "Nothing is wrong" : "Nothing is known to be wrong"}
          </h2>
        )}
        {problems.length === 0 && calm !== undefined && isWhole && <p className="quiet">{calm}</p>}
        {complaints.length > 0 && (
          <Corner state="partial" detail={complaints.join("\n")}>
            not all could be looked at: {complaints[0]}
          </Corner>
        )}
      </div>
      {groups.map(({ kind, shown, left }) => (
        <section key={kind} className="problem-group" aria-label={kindLinks[kind].name}>
          <h3>{kindLinks[kind].name}</h3>
          <ul>
            {shown.map((problem) => (
              <ProblemLine key={problem.id} problem={problem} />
            ))}
            {left > 0 && (
              <li className="problem-more">
                <InnerLink to={kindLinks[kind].href}>and {formatCount(left)} more</InnerLink>
              </li>
            )}
          </ul>
        </section>
      ))}
    </section>
  );
}

function ProblemLine({ problem }: { readonly problem: Problem }) {
  const { level, what, text, href, where } = problem;
  return (
    <li className="problem">
      <span className={`state ${level}`}>
        <Icon name={level === "bad" ? "cross" : "warning"} />
        <span className="hidden">{level === "bad" ? "problem" : "warning"}</span>
      </span>
      <InnerLink to={href} title={what}>
        {what}
      </InnerLink>
      <span className="problem-text" title={text}>
        {text}
      </span>
      <Since problem={problem} />
      <span className="problem-where quiet clip" title={where}>
        {where}
      </span>
    </li>
  );
}

function Since({ problem: { sinceMs, isOlder } }: { readonly problem: Problem }) {
  const nowMs = useNow(1_000);
  const timeZone = useTimeZone();
  if (sinceMs === undefined) return <span className="problem-since quiet" />;
  return (
    <time
      className="problem-since"
      title={`since ${isOlder ? "before " : ""}${formatExact(sinceMs, timeZone)}`}
    >
      {isOlder
        ? `over ${formatSpan(hours(nowMs - sinceMs))}`
        : formatAgo(Math.min(sinceMs, nowMs), nowMs)}
    </time>
  );
}

/** Of what is known to be only a lower bound, whole hours are enough. */
function hours(ms: number): number {
  return ms > 3_600_000 ? Math.round(ms / 3_600_000) * 3_600_000 : ms;
}
