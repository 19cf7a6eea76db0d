import type { ReactNode } from "react";
import { Icon } from "./icon.tsx";

/** A word and what it is, for a list of facts (`dl`). */
export function Fact({
  name,
  warn = false,
  children,
}: {
  readonly name: string;
  readonly warn?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <div className="fact">
      <dt>{name}</dt>
      <dd className={warn ? "state warn" : "clip"}>
        {warn && <Icon name="warning" />}
        {children}
      </dd>
    </div>
  );
}
