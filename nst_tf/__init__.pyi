from .control.masks import colour_mask as colour_mask
from .control.masks import rectangle_mask as rectangle_mask
from .control.styles import Style as Style
from .costs import compute_content_cost as compute_content_cost
from .costs import compute_layer_style_cost as compute_layer_style_cost
from .costs import compute_style_cost as compute_style_cost
from .costs import gram_matrix as gram_matrix
from .costs import guided_gram_matrix as guided_gram_matrix
from .costs import total_cost as total_cost
from .costs import total_variation_cost as total_variation_cost
from .images import clip_0_1 as clip_0_1
from .images import load_image as load_image
from .images import preprocess as preprocess
from .images import save_image as save_image
from .images import tensor_to_image as tensor_to_image
from .layers import STYLE_LAYERS as STYLE_LAYERS
from .transfer import stylize as stylize
from .vgg import get_layer_outputs as get_layer_outputs
from .vgg import load_vgg19 as load_vgg19

__version__: str
