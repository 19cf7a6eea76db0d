import { useEffect, useLayoutEffect, useState, type RefObject } from "react";

/** Half a screen ahead, so that a panel has its picture when it is scrolled to. */
const ahead = 0.5;

/** Whether the element is on the screen or close to it. Told before the first frame is drawn: what is asked by it waits for no frame. */
export function useInView(element: RefObject<HTMLElement | null>): boolean {
  const [isInView, setInView] = useState(false);
  useLayoutEffect(() => {
    const target = element.current;
    if (target !== null) setInView(isNear(target));
  }, [element]);
  useEffect(() => {
    const target = element.current;
    if (target === null) return;
    const observer = new IntersectionObserver(
      // Several since the last time, in their order: what counts is how it is now.
      (entries) => setInView(entries.at(-1)?.isIntersecting === true),
      { root: rootOf(target), rootMargin: `${ahead * 100}% 0px` },
    );
    observer.observe(target);
    return () => observer.disconnect();
  }, [element]);
  return isInView;
}

function rootOf(target: HTMLElement): HTMLElement | null {
  return target.closest("main");
}

function isNear(target: HTMLElement): boolean {
  const { top, bottom, width, height } = target.getBoundingClientRect();
  const root = rootOf(target)?.getBoundingClientRect();
  const [from, to] = root === undefined ? [0, innerHeight] : [root.top, root.bottom];
  const margin = (to - from) * ahead;
  return width + height > 0 && bottom >= from - margin && top <= to + margin;
}
