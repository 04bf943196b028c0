/** A widget is a React component and a custom element with its own shadow tree; it needs no WebGPU and sets no global. */
import { Component, type ComponentType, type ReactNode } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { OWN_ATTRIBUTES, useOwn, type OwnSource } from '../own/source';
import { parseAttributes, type Attributes, type Values } from './attributes';
import { STYLE } from './style';

export interface Widget<A extends Attributes = Attributes> {
  /** Custom element name, `wb-...`. */
  readonly tag: string;
  readonly title: string;
  readonly summary: string;
  readonly attributes: A;
  /** `own`: what the reader measured, for a panel of its own. */
  readonly component: ComponentType<{ readonly initial: Values<A>; readonly own: OwnSource }>;
}

/** Registers the element once and returns the widget. A second definition of a tag is ignored, as two bundles may meet in a page. */
export function defineWidget<A extends Attributes>(widget: Widget<A>): Widget<A> {
  if (typeof customElements === 'undefined' || customElements.get(widget.tag)) return widget;
  customElements.define(widget.tag, elementOf(widget));
  return widget;
}

/** The component with its heading, its attribute check and its error boundary. */
export function WidgetView<A extends Attributes>({
  widget,
  get,
}: {
  readonly widget: Widget<A>;
  readonly get: (name: string) => string | null;
}): ReactNode {
  const parsed = parseAttributes(widget.tag, widget.attributes, get);
  const own = useOwn(widget.tag, get);
  const Body = widget.component;
  return (
    <section className="widget" aria-label={widget.title}>
      <h2>{widget.title}</h2>
      <p className="lead">{widget.summary}</p>
      {parsed.ok ? (
        <Boundary title={widget.title}>
          <Body initial={parsed.values} own={own} />
        </Boundary>
      ) : (
        <p className="error" role="alert">
          {parsed.message}
        </p>
      )}
    </section>
  );
}

class Boundary extends Component<
  { readonly title: string; readonly children: ReactNode },
  { readonly message: string | null }
> {
  override state: { readonly message: string | null } = { message: null };
  static getDerivedStateFromError(error: unknown): { message: string } {
    return { message: error instanceof Error ? error.message : String(error) };
  }
  override render(): ReactNode {
    if (this.state.message === null) return this.props.children;
    return (
      <p className="error" role="alert">
        {this.props.title} stopped: {this.state.message}.{' '}
        <button type="button" onClick={() => this.setState({ message: null })}>
          Start again
        </button>
      </p>
    );
  }
}

function elementOf<A extends Attributes>(widget: Widget<A>): CustomElementConstructor {
  return class extends HTMLElement {
    static observedAttributes = [...Object.keys(widget.attributes), ...OWN_ATTRIBUTES];
    #root: Root | null = null;
    /** A changed attribute starts the widget anew. */
    #revision = 0;

    connectedCallback(): void {
      const shadow = this.shadowRoot ?? this.attachShadow({ mode: 'open' });
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      shadow.adoptedStyleSheets = [sheet];
      this.#root = createRoot(shadow);
      this.#draw();
    }
    disconnectedCallback(): void {
      this.#root?.unmount();
      this.#root = null;
    }
    attributeChangedCallback(): void {
      this.#revision++;
      this.#draw();
    }
    #draw(): void {
      this.#root?.render(<WidgetView key={this.#revision} widget={widget} get={(name) => this.getAttribute(name)} />);
    }
  };
}
