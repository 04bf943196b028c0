/** The ledger: complete, with a reason wherever a claim does not stand, and with presets that exist. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { caveats, claims, countBy, figure, matches } from '@/app/claims/ledger';
import { reproduction } from '@/app/claims/reproduce';
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
    for (const { c, plan } of plans) {
      if (plan.kind !== 'here') continue;
      const query = new URLSearchParams(plan.href.split('?')[1]);
      expect(presets.map((p) => p.name)).toContain(query.get('defconfig'));
      const config = openStrict(presets.find((p) => p.name === plan.preset)!.text, plan.preset);
      query.delete('defconfig');
      for (const [name, value] of query) setSymbol(config, name, value, c.id);
      checkOverrides(config, Object.fromEntries(query), c.id);
    }
  });
  it('says what is missing, and never that nothing is known', () => {
    for (const { c, plan } of plans)
      if (plan.kind === 'missing') expect(plan.why, c.id).not.toMatch(/the (experiment|preset) /);
    expect(plans.filter((p) => p.plan.kind === 'here').length).toBeGreaterThan(80);
  });
  it('a preset that does not ship is named', () => {
    const claim = claims.find((c) => c.experiment === 'gpt2-mla')!;
    expect(reproduction(claim, [])).toEqual({ kind: 'missing', why: 'Missing here: the preset gpt2-mla.' });
  });
});
