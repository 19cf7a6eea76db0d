import type { ReactNode } from "react";
import { Icon, type IconName } from "./icon.tsx";

type Common = {
  readonly onClick: () => void;
  readonly disabled?: boolean;
  readonly title?: string | undefined;
};

type IconProps = Common & {
  readonly icon: IconName;
  /** What it does, for those who do not see the picture. */
  readonly label: string;
  /** For what is on or off. */
  readonly pressed?: boolean;
};

/** A picture that does something. */
export function IconButton({ icon, label, title = label, pressed, ...rest }: IconProps) {
  return (
    <button
      type="button"
      className="icon-button plain"
      aria-label={label}
      title={title}
      {...(pressed !== undefined && { "aria-pressed": pressed })}
      {...rest}
    >
      <Icon name={icon} />
    </button>
  );
}

type ButtonProps = Common & {
  /** primary for what the page is for, danger for what can't be undone. */
  readonly kind?: "primary" | "danger";
  readonly icon?: IconName;
  readonly pressed?: boolean;
  readonly children: ReactNode;
};

/** A verb that does something. */
export function Button({ kind, icon, pressed, children, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      className={kind === undefined ? "button" : `button ${kind}`}
      {...(pressed !== undefined && { "aria-pressed": pressed })}
      {...rest}
    >
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </button>
  );
}
