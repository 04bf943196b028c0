/** The ledger: complete, with a reason wherever a claim does not stand, and with presets that exist. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { caveats, claims, countBy, figure, matches } from '@/app/claims/ledger';
import { reproduction } from '@/app/claims/reproduce';
import { DECODE_PRESETS } from '@/experiment/decode-presets';
import { checkOverrides, openStrict, setSymbol } from '@/experiment/kconfig-tree';

const folder = join(import.meta.dirname, '../../defconfigs');
const presets = readdirSync(folder).map((name) => ({
  name,
  title: '',
  text: readFileSync(join(folder, name), 'utf8'),
}));

describe('ledger', () => {
  it('every claim has its own title and id', () => {
    expect(new Set(claims.map((c) => c.id)).size).toBe(claims.length);
    expect(new Set(claims.map((c) => c.title)).size).toBe(claims.length);
    expect(claims.filter((c) => c.title.length < 12 || c.title === c.id)).toEqual([]);
  });
  it('a claim that does not stand says why', () => {
    const fallen = ['withdrawn', 'confounded', 'contradicted', 'inconsistent'];
    for (const c of claims) expect(c.reason !== null, c.id).toBe(fallen.includes(c.status));
  });
  it('keeps the counts of the record', () => {
    expect(Object.fromEntries(countBy(claims, (c) => c.status))).toEqual({
      limited: 121,
      supported: 49,
      confounded: 44,
      inconsistent: 40,
      contradicted: 35,
      projection: 10,
      withdrawn: 8,
      open: 6,
    });
  });
  it('a change is the change of its two figures', () => {
    for (const { id, baseline, result, changePct } of claims) {
      if (baseline === null || result === null || changePct === null) continue;
      expect(changePct, id).toBeCloseTo((100 * (result - baseline)) / Math.abs(baseline), 1);
    }
  });
  it('prints a figure with its unit and names unequal budgets', () => {
    const bitter7 = claims.find((c) => c.id === 'bitter7-vs-baseline-val-ppl')!;
    expect(figure(bitter7)).toBe('44.15 → 37.28 ppl (−15.56 %)');
    expect(caveats(bitter7)).toContain('Unequal training: 5000 iterations for the baseline, 7000 for the result.');
  });
  it('search needs every word', () => {
    const some = claims.find((c) => c.id === 'h100-ridge-point')!;
    expect(matches(some, 'ridge h100')).toBe(true);
    expect(matches(some, 'ridge b200')).toBe(false);
  });
});

describe('reproduce here', () => {
  const plans = claims.map((c) => ({ c, plan: reproduction(c, presets) }));
  it('links presets that ship, with symbols that the configuration takes', () => {
    const links = new Set(
      plans.flatMap(({ plan }) => (plan.kind === 'here' ? [plan.href, ...plan.arms.map((arm) => arm.href)] : [])),
    );
    expect(links.size).toBeGreaterThan(45);
    for (const href of links) {
      const query = new URLSearchParams(href.split('?')[1]);
      const name = query.get('defconfig')!;
      query.delete('defconfig');
      const config = openStrict(presets.find((p) => p.name === name)!.text, name);
      for (const [symbol, value] of query) setSymbol(config, symbol, value, href);
      checkOverrides(config, Object.fromEntries(query), href);
    }
  });
  it('names commands that exist and cards of the Decode page', () => {
    const commands = readdirSync(join(import.meta.dirname, '../../src/cli')).map((file) => file.replace('.ts', ''));
    const cards = Object.values(DECODE_PRESETS).map(({ title }) => title);
    for (const { plan } of plans) {
      if (plan.kind === 'decode') expect(cards).toContain(plan.card);
      if (plan.kind === 'decode' || plan.kind === 'command')
        expect(commands, plan.command).toContain(plan.command.split(' ')[1]);
    }
  });
  it('says what is missing, and never that nothing is known', () => {
    for (const { c, plan } of plans)
      if (plan.kind === 'missing') expect(plan.why, c.id).not.toMatch(/the (experiment|preset) /);
    expect(plans.filter((p) => p.plan.kind === 'here').length).toBeGreaterThan(90);
  });
  it('lists every arm of a matrix, with its settings', () => {
    const claim = claims.find((c) => c.experiment === 'gpt2-ra-sdpa')!;
    const plan = reproduction(claim, presets);
    expect(plan.kind === 'here' && plan.arms.map(({ label }) => label)).toEqual(['baseline', 'gate', 'ra', 'gate-ra']);
    expect(plan.kind === 'here' && plan.arms[3]!.href).toBe(
      '#/lab?defconfig=gpt2-attention-matrix&ATTN_GATE=y&ATTN_RA=y',
    );
  });
  it('a preset that does not ship is named', () => {
    const claim = claims.find((c) => c.experiment === 'gpt2-mla')!;
    expect(reproduction(claim, [])).toEqual({ kind: 'missing', why: 'Missing here: the preset gpt2-mla.' });
  });
});
