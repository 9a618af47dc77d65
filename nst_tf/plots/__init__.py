"""The figures. Each function returns a Matplotlib figure; in a notebook, ``show`` puts it on the page."""

from nst_tf.plots.clouds import channel_clouds as channel_clouds
from nst_tf.plots.clouds import most_different_pair as most_different_pair
from nst_tf.plots.diagrams import algorithm as algorithm
from nst_tf.plots.grids import feature_maps as feature_maps
from nst_tf.plots.grids import growing_patches as growing_patches
from nst_tf.plots.grids import patch_grids as patch_grids
from nst_tf.plots.grids import picture_grid as picture_grid
from nst_tf.plots.grids import triptych as triptych
from nst_tf.plots.history import cost_curves as cost_curves
from nst_tf.plots.numbers import bars as bars
from nst_tf.plots.numbers import curves as curves
from nst_tf.plots.numbers import heat_maps as heat_maps
from nst_tf.plots.numbers import network_diagram as network_diagram
from nst_tf.plots.numbers import number_table as number_table
from nst_tf.plots.showing import Animation as Animation
from nst_tf.plots.showing import animation as animation
from nst_tf.plots.showing import show as show
