import { type ReactNode, useState } from "react";
import { type ControlValues, type DrawnBlock, valuesOf } from "./blocks/model.ts";
import { type Surface, SurfaceContext } from "./blocks/surface.ts";
import { pressedOn, useDesk } from "./client.ts";
import type { Message } from "./model.ts";

/** A message's controls: what they hold, and a block_actions for each press. */
export function MessageSurface({ message, children }: { message: Message; children: ReactNode }) {
  const { client, attempt } = useDesk();
  const [touched, setTouched] = useState<ControlValues>({});
  const blocks: DrawnBlock[] = [...message.blocks, ...message.attachments.flatMap((one) => one.blocks)];
  const values = valuesOf(blocks, touched);
  const surface: Surface = {
    values,
    errors: {},
    set: (blockId, actionId, value) =>
      setTouched((held) => ({ ...held, [blockId]: { ...held[blockId], [actionId]: value } })),
    act: async (_blockId, control, value) => {
      await attempt(() => client.press(pressedOn(message), control, value));
    },
  };
  return <SurfaceContext value={surface}>{children}</SurfaceContext>;
}
