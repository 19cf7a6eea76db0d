import * as RadixPopover from "radix-ui/popover";
import type { ReactElement, ReactNode } from "react";

type Props = {
  /** One button: it opens the popover, and gets the focus back. */
  readonly trigger: ReactElement;
  /** What screen readers call it. */
  readonly label: string;
  readonly align?: "start" | "center" | "end";
  readonly open?: boolean;
  readonly onOpenChange?: (open: boolean) => void;
  readonly className?: string;
  readonly children: ReactNode;
};

/** A small window beside its button, for choices and short forms. */
export function Popover(props: Props) {
  return (
    <RadixPopover.Root
      {...(props.open !== undefined && { open: props.open })}
      {...(props.onOpenChange !== undefined && { onOpenChange: props.onOpenChange })}
    >
      <RadixPopover.Trigger asChild>{props.trigger}</RadixPopover.Trigger>
      <RadixPopover.Portal>
        <RadixPopover.Content
          className={`popover ${props.className ?? ""}`}
          aria-label={props.label}
          align={props.align ?? "start"}
          sideOffset={4}
          collisionPadding={8}
        >
          {props.children}
        </RadixPopover.Content>
      </RadixPopover.Portal>
    </RadixPopover.Root>
  );
}
