/** Words for the page: what a run trains, and the reference lines of its loss plot. */
import type { OpenRun } from '@/experiment/open-run';
import type { ReferenceLine } from './protocol';

export function referenceLines({ corpus, model }: OpenRun): ReferenceLine[] {
  const lines: ReferenceLine[] = [
    { id: 'ln-v', label: `ln V = ln ${model.vocabSize}`, value: Math.log(model.vocabSize) },
  ];
  if (corpus.entropies) {
    const unit = corpus.tokenizer.kind === 'char' ? 'character' : 'token';
    lines.push({ id: 'bigram', label: `${unit} bigram entropy, held out`, value: corpus.entropies.bigram });
  }
  return lines;
}

export function describeRun({ config, corpus, model, backend }: OpenRun): string {
  const { nLayer, nHead, nEmbd, blockSize } = model;
  const millions = (backend.summary.parameters / 1e6).toFixed(2);
  const { batchSize, gradientAccumulation, maxIters, earlyStopPatience } = config.training;
  const early =
    earlyStopPatience === 0
      ? ''
      : `, or until the validation loss has not fallen in ${earlyStopPatience} evaluations in a row`;
  const tokens = batchSize * gradientAccumulation * blockSize;
  const goal =
    corpus.metric === null
      ? 'Watch the validation loss fall below the dashed bigram entropy: from there on the model uses more than one token of context.'
      : `Watch the share of ${corpus.metric.name} on held-out examples.`;
  return (
    `A GPT-2 of ${nLayer} layers, ${nHead} heads and width ${nEmbd} (${millions} M parameters) learns to predict the next token of ${corpus.name}. ` +
    `Each step sees ${tokens.toLocaleString('en-US')} tokens in sequences of ${blockSize}, for ${maxIters.toLocaleString('en-US')} steps${early}. ${goal}`
  );
}
