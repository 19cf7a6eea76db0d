import { useState, type ReactNode } from "react";
import { Popover } from "../../../overlays/popover.tsx";
import { Icon, type IconName } from "../../../elements/icon.tsx";

type Props = {
  readonly label: string;
  readonly icon: IconName;
  readonly children: (close: () => void) => ReactNode;
};

/** A tool of the bar that opens a small window beside it. */
export function ToolPopover({ label, icon, children }: Props) {
  const [isOpen, setOpen] = useState(false);
  return (
    <Popover
      label={label}
      align="end"
      open={isOpen}
      onOpenChange={setOpen}
      className="logs-saved"
      trigger={
        <button type="button" className="icon-button" aria-label={label} title={label}>
          <Icon name={icon} />
        </button>
      }
    >
      {children(() => setOpen(false))}
    </Popover>
  );
}
