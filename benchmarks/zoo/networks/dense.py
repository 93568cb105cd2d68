"""Networks from images to images: segmentation, super-resolution, autoencoders, diffusion, poses, operators."""

from benchmarks.zoo.network import Tokens, network

_SEGMENTATION = (
    "Unet", "UnetPlusPlus", "FPN", "Linknet", "PSPNet", "DeepLabV3", "DeepLabV3Plus", "MAnet", "UPerNet", "Segformer",
)  # fmt: skip
_PYTORCHCV = {
    "fastscnn_cityscapes": 128, "cgnet_cityscapes": 64, "dabnet_cityscapes": 64, "sinet_cityscapes": 128,
    "ctxnet_cityscapes": 64, "lednet_cityscapes": 64, "edanet_cityscapes": 64, "erfnet_cityscapes": 64,
    "linknet_cityscapes": 64, "unet_cityscapes": 64, "espcnet_cityscapes": 64, "fpenet_cityscapes": 64,
    "esnet_cityscapes": 64, "bisenet_resnet18_celebamaskhq": 64, "icnet_resnetd50b_cityscapes": 64,
    "fcn8sd_resnetd50b_voc": 64, "danet_resnetd50b_cityscapes": 64, "simplepose_resnet18_coco": 64,
    "simplepose_mobile_resnet18_coco": 64, "lwopenpose2d_mobilenet_cmupan_coco": 64, "ibppose_coco": 64,
    "centernet_resnet18_voc": 64, "lffd20x5s320v2_widerface": 128,
}  # fmt: skip
_2D = {"spatial_dims": 2, "in_channels": 1, "out_channels": 2}
_DIFFUSERS_2D = {
    "sample_size": 16, "in_channels": 3, "out_channels": 3, "layers_per_block": 1, "block_out_channels": (16, 32),
    "norm_num_groups": 8,
}  # fmt: skip
_STEP = Tokens((), 1000)

_MONAI = [
    network("monai.networks.nets:UNet", (1, 32, 32), **_2D, channels=(8, 16, 32), strides=(2, 2), num_res_units=1),
    network("monai.networks.nets:UNet", (1, 16, 16, 16), spatial_dims=3, in_channels=1, out_channels=2,
            channels=(4, 8, 16), strides=(2, 2), label="3D"),
    network("monai.networks.nets:AttentionUnet", (1, 32, 32), **_2D, channels=(8, 16, 32), strides=(2, 2)),
    network("monai.networks.nets:BasicUNet", (1, 32, 32), **_2D, features=(8, 8, 8, 16, 16, 8)),
    network("monai.networks.nets:BasicUNet", (1, 32, 32), **_2D, features=(8, 8, 8, 16, 16, 8), label="resized",
            upsample="nontrainable"),
    network("monai.networks.nets:BasicUNetPlusPlus", (1, 32, 32), **_2D, features=(8, 8, 8, 16, 16, 8)),
    network("monai.networks.nets:DynUNet", (1, 32, 32), **_2D, kernel_size=[3, 3, 3], strides=[1, 2, 2],
            upsample_kernel_size=[2, 2], filters=[8, 16, 16]),
    network("monai.networks.nets:SegResNet", (1, 32, 32), **_2D, init_filters=8),
    network("monai.networks.nets:VNet", (1, 32, 32), **_2D),
    network("monai.networks.nets:UNETR", (1, 32, 32), **_2D, img_size=(32, 32), feature_size=8, hidden_size=32,
            mlp_dim=64, num_heads=4),
    network("monai.networks.nets:SwinUNETR", (1, 64, 64), **_2D, feature_size=12, depths=(1, 1, 1, 1),
            num_heads=(1, 2, 4, 8)),
    network("monai.networks.nets:HighResNet", (1, 16, 16), **_2D),
    network("monai.networks.nets:AutoEncoder", (1, 32, 32), **_2D, channels=(8, 16), strides=(2, 2)),
    network("monai.networks.nets:Generator", (16,), latent_shape=(16,), start_shape=(8, 4, 4), channels=(8, 4, 1),
            strides=(2, 2, 1)),
    network("monai.networks.nets:Discriminator", (1, 32, 32), in_shape=(1, 32, 32), channels=(8, 16), strides=(2, 2)),
    network("monai.networks.nets:Regressor", (1, 32, 32), in_shape=(1, 32, 32), out_shape=(3,), channels=(8, 16),
            strides=(2, 2)),
    network("monai.networks.nets:FlexibleUNet", (3, 64, 64), in_channels=3, out_channels=2, backbone="efficientnet-b0",
            decoder_channels=(32, 16, 16, 8, 8)),
    network("monai.networks.nets:ViTAutoEnc", (1, 32, 32), in_channels=1, img_size=(32, 32), patch_size=(16, 16),
            hidden_size=32, mlp_dim=64, num_layers=2, num_heads=4, spatial_dims=2),
    network("monai.networks.nets:DenseNet121", (1, 64, 64), **_2D),
    network("monai.networks.nets:PatchDiscriminator", (1, 32, 32), spatial_dims=2, in_channels=1, channels=8,
            num_layers_d=2),
    network("monai.networks.nets:MedNeXt", (1, 32, 32), **_2D, init_filters=8),
    network("monai.networks.nets:DiffusionModelUNet", (1, 16, 16), _STEP, **_2D, channels=(8, 16),
            num_res_blocks=1, attention_levels=(False, True), num_head_channels=8, norm_num_groups=8),
    network("monai.networks.nets:SPADENet", (3, 32, 32), spatial_dims=2, in_channels=1, out_channels=1, label_nc=3,
            input_shape=[32, 32], channels=[8, 16], is_vae=False),
    network("monai.networks.nets:VoxelMorphUNet", (2, 32, 32), spatial_dims=2, in_channels=2, unet_out_channels=2,
            channels=(8, 8, 8, 8, 8, 8), final_conv_channels=(8, 8)),
]  # fmt: skip
_DIFFUSERS = [
    network("diffusers:UNet2DModel", (3, 16, 16), _STEP, **_DIFFUSERS_2D, down_block_types=("DownBlock2D",
            "AttnDownBlock2D"), up_block_types=("AttnUpBlock2D", "UpBlock2D")),
    network("diffusers:UNet2DConditionModel", (3, 16, 16), _STEP, (4, 16), **_DIFFUSERS_2D, cross_attention_dim=16,
            attention_head_dim=8, down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "CrossAttnUpBlock2D")),
    network("diffusers:UNet1DModel", (14, 32), _STEP, in_channels=14, out_channels=14, block_out_channels=(8, 16),
            use_timestep_embedding=True, time_embedding_type="positional", out_block_type="OutConv1DBlock",
            down_block_types=("DownResnetBlock1D",) * 2, up_block_types=("UpResnetBlock1D",),
            mid_block_type="MidResTemporalBlock1D", act_fn="mish"),
    network("diffusers:AutoencoderKL", (3, 32, 32), block_out_channels=(8, 16), norm_num_groups=8,
            down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2),
    network("diffusers:AutoencoderTiny", (3, 32, 32), encoder_block_out_channels=(8, 8, 8, 8),
            decoder_block_out_channels=(8, 8, 8, 8)),
    network("diffusers:UVit2DModel", Tokens((8, 8), 40), (6, 16), (16,), (10,), hidden_size=32, encoder_hidden_size=16,
            vocab_size=48, codebook_size=40, in_channels=16, block_out_channels=16, cond_embed_dim=16,
            micro_cond_encode_dim=4, micro_cond_embed_dim=40, num_hidden_layers=1, num_attention_heads=4,
            block_num_heads=4, intermediate_size=64, sample_size=8),
    network("diffusers:PriorTransformer", (16,), _STEP, (16,), (5, 16), num_attention_heads=2, attention_head_dim=8,
            num_layers=1, embedding_dim=16, num_embeddings=5),
    network("diffusers:SD3Transformer2DModel", (4, 8, 8), (6, 16), (16,), _STEP, sample_size=8, patch_size=2,
            in_channels=4, num_layers=1, attention_head_dim=8, num_attention_heads=2, joint_attention_dim=16,
            caption_projection_dim=16, pooled_projection_dim=16, out_channels=4, pos_embed_max_size=8),
    network("denoising_diffusion_pytorch:Unet", (3, 16, 16), _STEP, dim=16, dim_mults=(1, 2), flash_attn=False),
    network("denoising_diffusion_pytorch:Unet1D", (3, 32), _STEP, dim=16, dim_mults=(1, 2), channels=3),
]  # fmt: skip
_OTHER = [
    network("torchsr.models:edsr_baseline", (3, 12, 12), scale=2, pretrained=False),
    network("torchsr.models:carn_m", (3, 12, 12), scale=2, pretrained=False),
    network("torchsr.models:ninasr_b0", (3, 12, 12), scale=2, pretrained=False),
    network("torchsr.models:vdsr", (3, 12, 12), scale=2, pretrained=False),
    network("torchsr.models:rdn_a", (3, 12, 12), scale=2, pretrained=False),
    network("torchgan.models:DCGANGenerator", (32,), encoding_dims=32, out_size=32, step_channels=8),
    network("torchgan.models:DCGANDiscriminator", (3, 32, 32), in_size=32, step_channels=8),
    network("torchgan.models:ConditionalGANGenerator", (32,), Tokens((), 10), num_classes=10, encoding_dims=32,
            out_size=32, step_channels=8),
    network("torchgan.models:AutoEncodingDiscriminator", (3, 32, 32), in_size=32, step_channels=8),
    network("unet:UNet2D", (1, 64, 64), out_channels_first_layer=4, num_encoding_blocks=3, normalization="batch",
            padding=1, residual=True),
    network("unet:UNet3D", (1, 16, 16, 16), out_channels_first_layer=4, num_encoding_blocks=2, normalization="batch",
            padding=1, upsampling_type="linear"),
    network("neuralop.models:FNO", (1, 16, 16), n_modes=(8, 8), in_channels=1, out_channels=1, hidden_channels=8,
            n_layers=2),
    network("neuralop.models:UNO", (1, 16, 16), in_channels=1, out_channels=1, hidden_channels=8, n_layers=3,
            uno_out_channels=[8, 8, 8], uno_n_modes=[[4, 4], [4, 4], [4, 4]],
            channel_mlp_skip="linear", uno_scalings=[[1.0, 1.0], [0.5, 0.5], [2.0, 2.0]]),
]  # fmt: skip

NETWORKS = [
    *[
        network(f"segmentation_models_pytorch:{name}", (3, 64, 64), encoder_name="resnet18", encoder_weights=None)
        for name in _SEGMENTATION
    ],
    *[
        network("pytorchcv.model_provider:get_model", (3, size, size), args=(name,), label=name, **extra)
        for name, size in _PYTORCHCV.items()
        for extra in [{"in_size": (size, size)} if not name.startswith("lffd") else {}]
    ],
    *_MONAI,
    *_DIFFUSERS,
    *_OTHER,
]
