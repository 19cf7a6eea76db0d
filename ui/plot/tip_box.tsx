import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";
import type { DataLink } from "#shared/dashboards/dashboard.ts";
import { tipRowsMax, type Tip } from "./tip.ts";

type Props = {
  readonly tip: Tip;
  /** In the window. */
  readonly x: number;
  readonly y: number;
  /** Closes a tooltip that stays; without it, it only follows the pointer. */
  readonly onClose?: (() => void) | undefined;
};

/** A tooltip beside a place in the window. One that can be closed stays, and has the links of what it tells of. */
export function TipBox({ tip, x, y, onClose }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState({ left: 0, top: 0 });
  useLayoutEffect(() => {
    const element = box.current;
    if (element !== null) setAt(besides(x, y, element.offsetWidth, element.offsetHeight));
  }, [x, y, tip]);
  useLeave(box, onClose);
  const isPinned = onClose !== undefined;
  return createPortal(
    <div
      ref={box}
      className={`tooltip floating fixed${isPinned ? " pinned" : ""}`}
      role={isPinned ? "dialog" : "presentation"}
      aria-label={isPinned ? tip.head : undefined}
      style={at}
    >
      <div className="tooltip-time">
        {tip.head}
        {isPinned && (
          <button type="button" className="tooltip-close" aria-label="Close" onClick={onClose}>
            ×
          </button>
        )}
      </div>
      {tip.rows.slice(0, tipRowsMax).map(({ color, name, value }, i) => (
        <div key={i} className="tooltip-row">
          {color !== undefined && <span className="swatch block" style={{ background: color }} />}
          <span className="tooltip-name">{name}</span>
          <span className="tooltip-value">{value}</span>
        </div>
      ))}
      {tip.rows.length > tipRowsMax && (
        <div className="tooltip-more">and {tip.rows.length - tipRowsMax} more</div>
      )}
      {isPinned && tip.links !== undefined && (
        <div className="tooltip-actions">
          <TipLinks links={tip.links} />
        </div>
      )}
    </div>,
    document.body,
  );
}

/** Links, each in a line of its own. */
export function TipLinks({ links }: { readonly links: readonly DataLink[] }) {
  return links.map(({ title, url, new_tab: isNewTab }) => (
    <a
      key={url + title}
      href={url}
      {...(isNewTab ? { target: "_blank", rel: "noopener noreferrer" } : {})}
    >
      {title === "" ? url : title}
    </a>
  ));
}

/** Beside the place, where there is room in the window. */
export function besides(x: number, y: number, width: number, height: number) {
  const isRoom = innerWidth - x > width + 20;
  const left = isRoom ? x + 14 : Math.max(4, x - width - 14);
  const top = Math.max(4, Math.min(y - 12, innerHeight - height - 4));
  return { left, top };
}

/** Escape, and a press elsewhere, end what stays. */
function useLeave(
  box: React.RefObject<HTMLDivElement | null>,
  onLeave: (() => void) | undefined,
): void {
  useEffect(() => {
    if (onLeave === undefined) return;
    const key = (event: KeyboardEvent): void => {
      if (event.key === "Escape") onLeave();
    };
    const press = (event: Event): void => {
      if (!(event.target instanceof Node) || box.current?.contains(event.target) !== true)
        onLeave();
    };
    addEventListener("keydown", key);
    addEventListener("pointerdown", press);
    return () => {
      removeEventListener("keydown", key);
      removeEventListener("pointerdown", press);
    };
  }, [box, onLeave]);
}
