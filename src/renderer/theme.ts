import { ActionIcon, Button, createTheme, Modal, Tooltip, type MantineColorsTuple, type MantineThemeOverride } from '@mantine/core'

/** The one accent. Shade 6 carries white text at 5.4:1; shades 3 and 4 are read on dark surfaces. */
const accent: MantineColorsTuple = ['#eef3ff', '#dbe5fd', '#b7caf9', '#8facf5', '#6d91f1', '#4f78e6', '#3562d6', '#2b52b8', '#24469a', '#1c377a']

const gray: MantineColorsTuple = ['#f7f8fa', '#eff1f4', '#e2e5ea', '#d0d5dc', '#a6aeba', '#7d8694', '#5a6371', '#434b57', '#2c323b', '#1b1f26']

/** Dark surfaces, from text (0) to the deepest ground (9). */
const dark: MantineColorsTuple = ['#dde2ea', '#b3bac6', '#9aa3b2', '#6d7584', '#3a414d', '#2d333d', '#23282f', '#1c2026', '#16191e', '#101216']

/** Shade 6 carries white text at 5.3:1. */
const red: MantineColorsTuple = ['#fdf0ef', '#f9dcd9', '#f2b8b3', '#ea938c', '#e06a61', '#d2463d', '#c4302b', '#a62622', '#8a201d', '#6e1a18']

/** @param closeLabel what a screen reader says of a cross that closes something, in the window's language. */
export function studioTheme(closeLabel: string): MantineThemeOverride {
  return { ...theme, components: { ...theme.components, CloseButton: { defaultProps: { 'aria-label': closeLabel } } } }
}

const theme = createTheme({
  primaryColor: 'accent',
  primaryShade: { light: 6, dark: 6 },
  colors: { accent, gray, dark, red },
  fontFamily: '"Inter Variable", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", system-ui, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Code", "JetBrains Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace',
  fontSizes: { xs: '11px', sm: '12px', md: '13px', lg: '15px', xl: '18px' },
  spacing: { xs: '4px', sm: '8px', md: '12px', lg: '16px', xl: '24px' },
  radius: { xs: '2px', sm: '4px', md: '6px', lg: '8px', xl: '12px' },
  defaultRadius: 'sm',
  lineHeights: { xs: '1.4', sm: '1.4', md: '1.45', lg: '1.4', xl: '1.35' },
  headings: { fontWeight: '600', sizes: { h1: { fontSize: '22px' }, h2: { fontSize: '15px' }, h3: { fontSize: '13px' } } },
  respectReducedMotion: true,
  components: {
    Button: Button.extend({ defaultProps: { size: 'xs' } }),
    ActionIcon: ActionIcon.extend({ defaultProps: { size: 26, variant: 'subtle', color: 'gray' } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 400, withArrow: false, events: { hover: true, focus: true, touch: false } } }),
    Modal: Modal.extend({ defaultProps: { transitionProps: { duration: 120 }, overlayProps: { backgroundOpacity: 0.35 } }, styles: { title: { fontSize: 15, fontWeight: 600 } } }),
    Menu: { defaultProps: { transitionProps: { duration: 80 } } },
    TextInput: { defaultProps: { size: 'xs' } },
    NumberInput: { defaultProps: { size: 'xs' } },
    Select: { defaultProps: { size: 'xs' } },
    TagsInput: { defaultProps: { size: 'xs' } },
    Switch: { defaultProps: { size: 'xs' } },
    Checkbox: { defaultProps: { size: 'xs' } },
    MultiSelect: { defaultProps: { size: 'xs' } },
    Radio: { defaultProps: { size: 'xs' } },
    SegmentedControl: { defaultProps: { size: 'xs' } },
    Tabs: { defaultProps: { keepMounted: false } },
  },
})
