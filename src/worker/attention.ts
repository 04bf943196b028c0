/** Attention maps of the current weights on the reader's text. */
import type { EngineDevice } from '@/engine/device';
import { attentionMaps } from '@/experiment/attention-maps';
import type { OpenRun } from '@/experiment/open-run';
import type { AttentionView } from './protocol';
import type { RunSession } from './run-session';

/** More tokens than this are cells too small to tell apart. */
const MAX_TOKENS = 48;

async function view(
  { backend, corpus, model }: OpenRun,
  engine: EngineDevice | null,
  prompt: string,
): Promise<AttentionView> {
  const all = Array.from(corpus.tokenizer.encode(prompt));
  if (all.length === 0) throw new Error('the prompt is empty: type at least one character');
  const tokens = all.slice(0, Math.min(MAX_TOKENS, model.blockSize));
  const weights = await backend.parameters();
  const maps = await attentionMaps({ engine: backend.kind === 'webgpu' ? engine : null, model, weights, tokens });
  return { tokens: tokens.map((id) => corpus.tokenizer.decode([id])), cut: all.length - tokens.length, maps };
}

/** Between two steps of `session` while there is one, else at once on `idle`. Rejects with a readable message. */
export function readAttention(
  session: RunSession | null,
  idle: OpenRun | null,
  engine: EngineDevice | null,
  prompt: string,
): Promise<AttentionView> {
  if (!session)
    return idle ? view(idle, engine, prompt) : Promise.reject(new Error('nothing is trained yet: start a run first'));
  return session.read(() => view(session.open, session.opened.engine, prompt));
}
