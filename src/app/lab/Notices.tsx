/** Errors and caveats above the plots: in place, dismissible, each with what to do. */
import type { ReactNode } from 'react';
import { useRun, useUi, useWorkbench } from '../context';
import { download } from '../plot/export';
import type { Notice, NoticeAction } from '../stores/notices';

const NO_WEBGPU = 'no-webgpu';

const FILES: Readonly<Record<Extract<NoticeAction, `download-${string}`>, readonly [file: string, label: string]>> = {
  'download-best': ['best.safetensors', 'Save best checkpoint'],
  'download-metrics': ['metrics.jsonl', 'Save metrics'],
};

export function Notices(): ReactNode {
  const notices = useRun((s) => s.notices);
  const reference = useRun((s) => s.adapter?.kind === 'reference');
  const hidden = useUi((s) => s.dismissed.includes(NO_WEBGPU));
  if (notices.length === 0 && (!reference || hidden)) return null;
  return (
    <div className="notices">
      {notices.map((notice) => (
        <NoticeCard key={notice.id} notice={notice} />
      ))}
      {reference && !hidden && <NoWebGpu />}
    </div>
  );
}

function NoticeCard({ notice }: { readonly notice: Notice }): ReactNode {
  const { session } = useWorkbench();
  return (
    <article
      className={`notice ${{ error: 'danger', warning: 'warn', info: 'info' }[notice.kind]}`}
      role={notice.kind === 'error' ? 'alert' : 'status'}
    >
      <div className="notice-text">
        <strong>{notice.title}</strong>
        <p className="pre">{notice.message}</p>
        {notice.detail && (
          <details className="more">
            <summary>Detail</summary>
            <pre className="num">{notice.detail}</pre>
          </details>
        )}
      </div>
      <div className="row">
        {notice.actions.map((action) => (
          <ActionButton key={action} action={action} notice={notice} />
        ))}
        <button type="button" className="quiet" onClick={() => session.dismiss(notice.id)}>
          Dismiss
        </button>
      </div>
    </article>
  );
}

function ActionButton({ action, notice }: { readonly action: NoticeAction; readonly notice: Notice }): ReactNode {
  const { session, run } = useWorkbench();
  if (action === 'reconnect') {
    return (
      <button type="button" onClick={() => void session.connect()}>
        Restart the worker
      </button>
    );
  }
  if (action === 'continue-run') {
    const { run: id } = notice;
    const go = (): void => {
      session.dismiss(notice.id);
      if (id !== undefined) void session.continueRun(id);
    };
    return (
      <button type="button" className="primary" onClick={go}>
        Continue the run
      </button>
    );
  }
  if (action === 'open-runs') {
    return (
      <a className="button" href="#/runs">
        All runs
      </a>
    );
  }
  const [file, label] = FILES[action];
  const save = async (): Promise<void> => {
    const content = await session.file(file);
    if (content) download(`${run.getState().started?.runId ?? 'run'}-${file}`, new Blob([new Uint8Array(content)]));
  };
  return (
    <button type="button" onClick={() => void save()}>
      {label}
    </button>
  );
}

function NoWebGpu(): ReactNode {
  const { ui } = useWorkbench();
  return (
    <article className="notice warn" role="status">
      <div className="notice-text">
        <strong>No WebGPU in this browser: the CPU reference does the arithmetic</strong>
        <p>
          It computes in f64 and is meant for tiny models; its speed says nothing about a GPU. For WebGPU use Chrome or
          Edge 113 or later (Linux: 144 or later, or switch on <code>chrome://flags/#enable-unsafe-webgpu</code>),
          Firefox 141 or later on Windows (145 on macOS), or Safari 26.
        </p>
      </div>
      <div className="row">
        <button
          type="button"
          className="quiet"
          onClick={() => ui.setState((s) => ({ dismissed: [...s.dismissed, NO_WEBGPU] }))}
        >
          Dismiss
        </button>
      </div>
    </article>
  );
}
