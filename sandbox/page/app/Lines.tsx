import { Fragment, useEffect, useLayoutEffect, useRef } from "react";
import { formatDateToken } from "./blocks/dates.ts";
import { useDirectory } from "./blocks/surface.ts";
import { MessageLine } from "./MessageLine.tsx";
import { type Message, secondsOf } from "./model.ts";

const sameBreathSeconds = 300;
const nearBottomPixels = 120;

/** Messages under each other, with day dividers; stays at the newest line unless the reader has scrolled up. */
export function Lines({ lines, place, inThread }: { lines: Message[]; place: string; inThread: boolean }) {
  const { zone, now } = useDirectory();
  const box = useRef<HTMLDivElement>(null);
  const atBottom = useRef(true);
  const lastTop = useRef(0);
  const reader = { zone, now: now() };
  const dayOf = (message: Message): string => formatDateToken(secondsOf(message.ts), "{day_divider_pretty}", reader);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another place begins at its newest line
  useLayoutEffect(() => {
    atBottom.current = true;
  }, [place]);

  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const stay = (): void => {
      if (atBottom.current) element.scrollTop = element.scrollHeight;
    };
    // Pictures and blocks change their height after they are drawn.
    const observer = new ResizeObserver(stay);
    for (const child of element.children) observer.observe(child);
    stay();
    return () => observer.disconnect();
  });

  return (
    <div
      className="lines"
      ref={box}
      onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
        // A scroll of ours is told of late, when there may be more below by then: only going up is the reader's wish.
        const near = scrollHeight - scrollTop - clientHeight < nearBottomPixels;
        if (near || scrollTop < lastTop.current) atBottom.current = near;
        lastTop.current = scrollTop;
      }}
    >
      <div className="lines-inner">
        {lines.map((message, index) => {
          const before = lines[index - 1];
          const newDay = before === undefined || dayOf(before) !== dayOf(message);
          const day = dayOf(message);
          return (
            <Fragment key={message.ephemeral ?? message.ts}>
              {newDay && !inThread && (
                <div className="day">
                  <span>{day.slice(0, 1).toUpperCase() + day.slice(1)}</span>
                </div>
              )}
              <MessageLine message={message} follows={!newDay && follows(before, message)} inThread={inThread} />
              {inThread && index === 0 && (
                <div className="thread-rule">
                  <span>
                    {lines.length - 1} {lines.length === 2 ? "reply" : "replies"}
                  </span>
                </div>
              )}
            </Fragment>
          );
        })}
      </div>
    </div>
  );
}

function follows(before: Message | undefined, message: Message): boolean {
  if (before === undefined || before.author.id !== message.author.id) return false;
  if (before.ephemeral !== null || message.ephemeral !== null || before.replies.length > 0) return false;
  if (message.author.kind === "app" && message.blocks.length > 1) return false;
  return secondsOf(message.ts) - secondsOf(before.ts) < sameBreathSeconds;
}
