import { formatCount } from "../../units/format.ts";
import type { Account } from "../../client/account.ts";
import { flowLayout, type FlowEnd } from "./flow_layout.ts";

const blockPx = 10;
/** The ribbons are drawn on this width and stretched to whatever there is. */
const ribbonWidth = 100;

type Props = { readonly signal: string; readonly items: string; readonly account: Account };

/** Collected on the left, where it went on the right; the numbers are written beside the blocks. */
export function FlowPicture({ signal, items, account }: Props) {
  const { height, leftHeight, ends } = flowLayout(account);
  const top = (height - leftHeight) / 2;
  return (
    <figure className="flow" aria-label={`Flow of ${signal}`}>
      <figcaption>
        <strong>{signal}</strong>
        <span className="quiet">{equation(account)}</span>
      </figcaption>
      <div className="flow-body" style={{ height }}>
        <div className="flow-source">
          <span className="flow-count">{formatCount(account.collected)}</span>
          <span className="quiet">{items} collected</span>
        </div>
        <svg
          className="flow-ribbons"
          viewBox={`0 0 ${ribbonWidth} ${height}`}
          height={height}
          preserveAspectRatio="none"
          aria-hidden="true"
        >
          {ends.map((end) => (
            <path key={end.key} className={end.kind} d={ribbon(end, top)} />
          ))}
        </svg>
        <div className="flow-ends">
          {ends.map((end) => (
            <div key={end.key}>
              <span
                className={`flow-block ${end.kind}`}
                style={{ top: end.right.y, height: end.right.height, width: blockPx }}
              />
              <span className="flow-text" style={{ top: end.textY }} title={end.name}>
                <span className="flow-count">{formatCount(end.count)}</span> {end.name}
              </span>
            </div>
          ))}
        </div>
      </div>
    </figure>
  );
}

function ribbon({ left, right }: FlowEnd, top: number): string {
  if (left.height === 0) return "";
  const [a, b] = [top + left.y, top + left.y + left.height];
  const [c, d] = [right.y, right.y + right.height];
  const bend = ribbonWidth / 2;
  return (
    `M0 ${a}C${bend} ${a} ${bend} ${c} ${ribbonWidth} ${c}` +
    `L${ribbonWidth} ${d}C${bend} ${d} ${bend} ${b} 0 ${b}Z`
  );
}

function equation({ collected, stored, inFlight, dropped }: Account): string {
  const [a, b, c, d] = [collected, stored, inFlight, dropped].map(formatCount);
  return `${a} collected = ${b} stored + ${c} in flight + ${d} dropped`;
}
