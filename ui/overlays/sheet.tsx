import * as RadixDialog from "radix-ui/dialog";
import type { ReactNode } from "react";
import { OverlayHead } from "./dialog.tsx";

type Props = {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly title: string;
  /** Buttons beside the title. */
  readonly tools?: ReactNode;
  /** From the right for detail beside a list; from below for what a thumb picks on a phone. */
  readonly side?: "right" | "bottom";
  readonly size?: "normal" | "wide";
  /** Whether the page behind stays in use: the list can be read and clicked while detail is open. */
  readonly modal?: boolean;
  readonly children: ReactNode;
};

/** A panel at the side for the detail of what is selected, so that the list stays. On a phone it fills the screen. */
export function Sheet(props: Props) {
  const { side = "right", size = "normal", modal = true } = props;
  return (
    <RadixDialog.Root open={props.open} onOpenChange={props.onOpenChange} modal={modal}>
      <RadixDialog.Portal>
        {modal && <RadixDialog.Overlay className="veil" />}
        <RadixDialog.Content
          className={`sheet ${side} ${size}`}
          aria-describedby={undefined}
          onInteractOutside={(event) => {
            if (!modal) event.preventDefault();
          }}
        >
          <OverlayHead title={props.title}>{props.tools}</OverlayHead>
          <div className="overlay-body">{props.children}</div>
        </RadixDialog.Content>
      </RadixDialog.Portal>
    </RadixDialog.Root>
  );
}
