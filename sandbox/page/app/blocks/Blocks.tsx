import type { Block as LibraryBlock } from "slack-blocks-to-jsx";
import { ControlElement } from "./Controls.tsx";
import { actionIdOf, blockIdOf, type DrawnBlock } from "./model.ts";
import { useSurface } from "./surface.ts";
import { Drawn, Text } from "./text.tsx";

// What the library only depicts (it has no callbacks) is drawn here instead: buttons, menus, inputs.
const depicted = new Set(["header", "divider", "context", "image", "rich_text", "markdown", "table", "video", "file"]);
const alsoDepicted = new Set(["alert", "card", "carousel", "container", "plan", "task_card", "data_visualization"]);

function isDepicted(block: DrawnBlock): block is DrawnBlock & LibraryBlock {
  return depicted.has(block.type) || alsoDepicted.has(block.type) || plainSection(block);
}

function plainSection(block: DrawnBlock): boolean {
  return block.type === "section" && block.accessory === undefined;
}

/** A message's or a view's blocks, in order. */
export function Blocks({ blocks }: { blocks: DrawnBlock[] }) {
  return (
    <div className="blocks">
      {blocks.map((block, index) => (
        <OneBlock key={blockIdOf(block, index)} block={block} blockId={blockIdOf(block, index)} />
      ))}
    </div>
  );
}

function OneBlock({ block, blockId }: { block: DrawnBlock; blockId: string }) {
  if (isDepicted(block)) return <Drawn blocks={[block]} />;
  switch (block.type) {
    case "section":
      return <SectionWithAccessory block={block} blockId={blockId} />;
    case "actions":
    case "context_actions":
      return (
        <div className="actions">
          {block.elements?.map((control, index) => (
            <ControlElement
              key={actionIdOf(control, index)}
              blockId={blockId}
              control={control}
              index={index}
              dispatch
            />
          ))}
        </div>
      );
    case "input":
      return <InputBlock block={block} blockId={blockId} />;
    default:
      return <p className="not-drawn">A block of type {block.type} is not drawn by the sandbox.</p>;
  }
}

function SectionWithAccessory({ block, blockId }: { block: DrawnBlock; blockId: string }) {
  const { accessory, ...rest } = block;
  const text: DrawnBlock = rest;
  return (
    <div className="section">
      <div className="section-text">{isDepicted(text) && <Drawn blocks={[text]} />}</div>
      {accessory !== undefined && (
        <div className="section-accessory">
          <ControlElement blockId={blockId} control={accessory} dispatch />
        </div>
      )}
    </div>
  );
}

function InputBlock({ block, blockId }: { block: DrawnBlock; blockId: string }) {
  const error = useSurface().errors[blockId];
  const labelId = `${blockId}-label`;
  if (block.element === undefined) return null;
  return (
    <div className={error === undefined ? "input" : "input input-wrong"} data-block-id={blockId}>
      <div className="input-label" id={labelId}>
        {block.label !== undefined && <Text text={block.label} />}
        {block.optional === true && <span className="optional"> (optional)</span>}
      </div>
      <ControlElement
        blockId={blockId}
        control={block.element}
        dispatch={block.dispatch_action === true}
        labelledBy={labelId}
      />
      {error !== undefined && (
        <p className="input-error" role="alert">
          {error}
        </p>
      )}
      {block.hint !== undefined && (
        <p className="input-hint">
          <Text text={block.hint} />
        </p>
      )}
    </div>
  );
}
